import { DatabaseSync, type StatementSync } from "node:sqlite";

type Value = null | number | string | Uint8Array;
type Row = Record<string, Value>;
type Prepared = { run: (bindings: Value[]) => { rows: Row[]; columns: string[]; written: number } };

/**
 * What outlives an actor's instance: its SQLite database and its alarm. Writes without a wait
 * between them are one for the outside: a crash in the middle of a turn is the same as one before
 * it, because nothing of that turn has been heard, and here instances end between turns only.
 */
export class ActorStorage {
  readonly #database = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, Prepared>();
  readonly #armed: () => void;
  #depth = 0;
  alarm_at: number | null = null;

  constructor(armed: () => void) {
    this.#armed = armed;
    this.#database.exec("CREATE TABLE _kv (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
  }

  /** The storage as one life of the actor holds it. */
  openFor(life: { alive: boolean }): DurableObjectStorage {
    const guarded = <A extends unknown[], R>(work: (...args: A) => R) => {
      return (...args: A): R => {
        if (!life.alive) throw new Error("an instance that has ended used its storage");
        return work(...args);
      };
    };
    const read = (sql: string, ...bindings: Value[]) => this.exec(sql, ...bindings);
    const storage = {
      sql: { exec: guarded(read) },
      kv: {
        get: guarded((key: string): unknown => {
          const [row] = read("SELECT value FROM _kv WHERE key = ?", key).toArray();
          return row && JSON.parse(String(row["value"]));
        }),
        put: guarded((key: string, value: unknown) => {
          read("INSERT OR REPLACE INTO _kv (key, value) VALUES (?, ?)", key, JSON.stringify(value));
        }),
        delete: guarded(
          (key: string) => read("DELETE FROM _kv WHERE key = ?", key).rowsWritten > 0,
        ),
      },
      transactionSync: guarded(<T>(work: () => T): T => this.#transaction(work)),
      getAlarm: guarded(() => Promise.resolve(this.alarm_at)),
      setAlarm: guarded((at: number) => {
        this.alarm_at = at;
        this.#armed();
        return Promise.resolve();
      }),
      deleteAlarm: guarded(() => {
        this.alarm_at = null;
        return Promise.resolve();
      }),
    };
    return storage as unknown as DurableObjectStorage;
  }

  exec(sql: string, ...bindings: Value[]) {
    const prepared = this.#prepared.get(sql) ?? this.#prepare(sql);
    this.#prepared.set(sql, prepared);
    const { rows, columns, written } = prepared.run(bindings);
    return {
      toArray: () => rows,
      one: () => {
        const [row, ...more] = rows;
        if (!row || more.length > 0) throw new Error(`expected one row, found ${rows.length}`);
        return row;
      },
      raw: () => ({ toArray: () => rows.map((row) => columns.map((name) => row[name])) }),
      columnNames: columns,
      rowsRead: rows.length,
      rowsWritten: written,
      [Symbol.iterator]: () => rows[Symbol.iterator](),
    };
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    // `prepare` would leave out what follows the first statement.
    if (/;\s*\S/.test(sql))
      return {
        run: () => {
          this.#database.exec(sql);
          return { rows: [], columns: [], written: 0 };
        },
      };
    const statement = this.#database.prepare(sql);
    const columns = statement.columns().map(({ name }) => name);
    return { run: (bindings) => ran(statement, columns, bindings) };
  }

  #transaction<T>(work: () => T): T {
    const savepoint = `nested_${this.#depth}`;
    this.exec(`SAVEPOINT ${savepoint}`);
    this.#depth += 1;
    try {
      const value = work();
      this.exec(`RELEASE ${savepoint}`);
      return value;
    } catch (error) {
      this.exec(`ROLLBACK TO ${savepoint}`);
      this.exec(`RELEASE ${savepoint}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }
}

/** Everything at once: nobody writes while somebody reads a cursor. */
function ran(statement: StatementSync, columns: string[], bindings: Value[]) {
  if (columns.length === 0)
    return { rows: [], columns, written: Number(statement.run(...bindings).changes) };
  const rows = statement.all(...bindings) as Row[];
  return { rows, columns, written: 0 };
}
