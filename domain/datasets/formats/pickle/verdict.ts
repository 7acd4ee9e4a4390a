/** What to think of a name that a pickle would import and may call. */
export type Verdict =
  /** Runs commands or code, opens files or sockets, or reaches such functions by a detour. */
  | "dangerous"
  /** Nothing is known of it: whoever loads the file must trust where it is from. */
  | "unknown"
  /** Makes data and nothing else. */
  | "data";

/** Modules, with all that lies in them, that no data is made of. */
const DANGEROUS_MODULES = new Set(
  (
    "os posix nt posixpath ntpath subprocess sys shutil socket ssl pty platform popen2 commands signal " +
    "runpy importlib imp pkgutil zipimport pickle _pickle cPickle dill cloudpickle joblib marshal shelve " +
    "code codeop ctypes _ctypes cffi multiprocessing threading _thread asyncio concurrent " +
    "http httplib urllib urllib2 urllib3 requests aiohttp httpx ftplib smtplib poplib telnetlib xmlrpc socketserver paramiko webbrowser " +
    "tempfile fileinput glob pip setuptools distutils ensurepip venv site gc inspect atexit " +
    "bdb pdb cProfile profile timeit trace doctest pydoc idlelib lib2to3 test unittest " +
    "functools operator _operator types builtins __builtin__ io _io nt_winreg winreg _winapi msvcrt mmap fcntl resource"
  ).split(" "),
);

/** Parts of modules that are data otherwise. */
const DANGEROUS_PARTS = [
  "numpy.testing",
  "numpy.f2py",
  "numpy.distutils",
  "numpy.ctypeslib",
  "numpy.lib.npyio",
  "numpy.lib._npyio_impl",
  "pandas.io",
  "pandas.compat",
  "pandas.core.computation",
  "scipy.io",
  "torch.hub",
  "torch.serialization",
  "torch.jit",
  "torch.package",
  "torch.utils.bottleneck",
  "torch.utils.collect_env",
  "torch.utils._config_module",
  "torch._dynamo",
  "torch._inductor",
  "torch.fx",
  "torch.distributed",
  "tensorflow.python",
];

/** What is data in `builtins`, whose other names are not. */
const BUILTIN_DATA =
  "set frozenset bytearray bytes complex slice range xrange list dict tuple int long float str unicode bool object Ellipsis NotImplemented";

/** Module -> names that make data; `*` for every name without a dot. */
const DATA: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    builtins: BUILTIN_DATA,
    __builtin__: BUILTIN_DATA,
    collections: "OrderedDict defaultdict deque Counter UserDict UserList",
    copyreg: "_reconstructor __newobj__ __newobj_ex__",
    copy_reg: "_reconstructor __newobj__ __newobj_ex__",
    _codecs: "encode",
    datetime: "datetime date time timedelta timezone",
    decimal: "Decimal",
    fractions: "Fraction",
    uuid: "UUID",
    zoneinfo: "ZoneInfo._unpickle ZoneInfo",
    pytz: "_UTC _p timezone utc",
    array: "array _array_reconstructor",
    pathlib: "PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath",
    "pathlib._local": "PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath",
    types: "SimpleNamespace",
    numpy:
      "ndarray dtype matrix recarray bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 str_ bytes_ void datetime64 timedelta64 longdouble record",
    "numpy.core.multiarray": "_reconstruct scalar array",
    "numpy._core.multiarray": "_reconstruct scalar array",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "numpy.core.records": "recarray record",
    "numpy.rec": "recarray record",
    "numpy.ma.core": "_mareconstruct MaskedArray",
    "numpy.ma": "MaskedArray",
    "numpy.dtypes": "*",
    "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
    "pandas.core.frame": "DataFrame",
    "pandas.core.series": "Series",
    pandas:
      "DataFrame Series Index MultiIndex RangeIndex DatetimeIndex Timestamp Timedelta Categorical CategoricalDtype StringDtype NA",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.internals.blocks": "new_block",
    "pandas._libs.internals": "_unpickle_block",
    "pandas.core.indexes.base": "_new_Index Index",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.numeric": "Int64Index Float64Index UInt64Index",
    "pandas.core.indexes.frozen": "FrozenList",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.arrays.timedeltas": "TimedeltaArray",
    "pandas.core.arrays.integer":
      "IntegerArray Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype",
    "pandas.core.arrays.floating": "FloatingArray Float32Dtype Float64Dtype",
    "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
    "pandas.core.arrays.string_": "StringArray StringDtype",
    "pandas.core.arrays.string_arrow": "ArrowStringArray",
    "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype PeriodDtype IntervalDtype",
    "pandas.arrays":
      "ArrowStringArray BooleanArray Categorical DatetimeArray FloatingArray IntegerArray IntervalArray NumpyExtensionArray PeriodArray SparseArray StringArray TimedeltaArray",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle Timedelta",
    "pandas._libs.tslibs.nattype": "_nat_unpickle NaT",
    "pandas._libs.missing": "NA NAType",
    "scipy.sparse._csr": "csr_matrix csr_array",
    "scipy.sparse._csc": "csc_matrix csc_array",
    "scipy.sparse._coo": "coo_matrix coo_array",
    "scipy.sparse.csr": "csr_matrix",
    "scipy.sparse.csc": "csc_matrix",
    "scipy.sparse.coo": "coo_matrix",
    "torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter _rebuild_qtensor",
    torch:
      "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage BoolStorage Size Tensor float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool device",
    "torch.storage": "UntypedStorage TypedStorage",
    "torch.nn.parameter": "Parameter",
    "pyarrow.lib": "type_for_alias _restore_array py_buffer chunked_array schema field",
  }).map(([module, names]) => [module, new Set(names.split(" "))]),
);

/** Names by which code is reached wherever they are found. */
const DANGEROUS_NAME =
  /(^|\.)(eval|exec|execfile|compile|__import__|import_module|system|popen|spawn\w*|run|call|check_call|check_output|Popen|getattr|setattr|__getattribute__|__globals__|__builtins__|__subclasses__|__class__|__dict__|__call__|__code__|__init__|loads?|open|runstring|input|breakpoint|os|subprocess|sys)$/;

/** What to think of the import of `name` from `module`. */
export function verdictOf(module: string, name: string): Verdict {
  const names = DATA.get(module);
  if (names && (names.has(name) || (names.has("*") && /^\w+$/.test(name)))) return "data";
  const root = module.split(".", 1)[0] ?? "";
  const isPart = DANGEROUS_PARTS.some((part) => module === part || module.startsWith(`${part}.`));
  // A name with a dot goes on into the attributes of what it finds, modules among them.
  const isDetour = name.split(".").some((part) => DANGEROUS_MODULES.has(part));
  return DANGEROUS_MODULES.has(root) || isPart || isDetour || DANGEROUS_NAME.test(name)
    ? "dangerous"
    : "unknown";
}
