/**
 * The operators of onnx 1.23 (Apache-2.0): what `onnx.defs.get_all_schemas_with_history()` says of
 * `ai.onnx`, `ai.onnx.ml` and the preview domains, written down for `operator-schema.ts` to read.
 *
 *     Operator
 *      since inputs -> outputs {attributes} variables
 *
 * A part that is left out is as in the version above. A port is `name:types`, where `?` marks an
 * optional one, `+` one that repeats, `*` one that may be absent and repeats, and `~` that the
 * repetitions may differ in type; its types are a variable, a set or one type. An attribute is
 * `name:kind`, with `!` where it is required and `=` before a default. Sets are joined by `+`.
 */
export const OPERATOR_TABLE = `
Abs
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {} T=numeric
 13 T=numeric+bfloat16
Acos
 7 input:T -> output:T T=floats
 22 T=floats+bfloat16
Acosh
 9 input:T -> output:T T=floats
 22 T=floats+bfloat16
Add
 1 A:T B:T -> C:T {axis:int broadcast:int=0 consumed_inputs:ints} T=floats
 6 {axis:int broadcast:int=0} T=floats+int32+int64+uint32+uint64
 7 {}
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 14 T=numeric+bfloat16
AffineGrid
 20 theta:T1 size:T2 -> grid:T1 {align_corners:int=0} T1=floats+bfloat16 T2=int64
And
 1 A:T B:T -> C:T1 {axis:int broadcast:int=0} T=bool T1=bool
 7 {}
ArgMax
 1 data:T -> reduced:int64 {axis:int=0 keepdims:int=1} T=numeric
 11
 12 {axis:int=0 keepdims:int=1 select_last_index:int=0}
 13 T=numeric+bfloat16
ArgMin
 1 data:T -> reduced:int64 {axis:int=0 keepdims:int=1} T=numeric
 11
 12 {axis:int=0 keepdims:int=1 select_last_index:int=0}
 13 T=numeric+bfloat16
Asin
 7 input:T -> output:T T=floats
 22 T=floats+bfloat16
Asinh
 9 input:T -> output:T T=floats
 22 T=floats+bfloat16
Atan
 7 input:T -> output:T T=floats
 22 T=floats+bfloat16
Atanh
 9 input:T -> output:T T=floats
 22 T=floats+bfloat16
Attention
 23 Q:T1 K:T1 V:T2 attn_mask?:U past_key?:T1 past_value?:T2 -> Y:T1 present_key?:T1 present_value?:T2 qk_matmul_output?:T1 {is_causal:int=0 kv_num_heads:int q_num_heads:int qk_matmul_output_mode:int=0 scale:float softcap:float=0 softmax_precision:int} T1=floats+bfloat16 T2=floats+bfloat16 U=numeric+bfloat16+bool
 24 Q:T1 K:T1 V:T2 attn_mask?:U past_key?:T1 past_value?:T2 nonpad_kv_seqlen?:int64 -> Y:T1 present_key?:T1 present_value?:T2 qk_matmul_output?:T1
 25 {is_causal:int=0 kv_num_heads:int left_window_size:int=-1 q_num_heads:int qk_matmul_output_mode:int=0 right_window_size:int=-1 scale:float softcap:float=0 softmax_precision:int}
AveragePool
 1 X:T -> Y:T {auto_pad:string=NOTSET kernel_shape:ints! pads:ints strides:ints} T=floats
 7 {auto_pad:string=NOTSET count_include_pad:int=0 kernel_shape:ints! pads:ints strides:ints}
 10 {auto_pad:string=NOTSET ceil_mode:int=0 count_include_pad:int=0 kernel_shape:ints! pads:ints strides:ints}
 11
 19 {auto_pad:string=NOTSET ceil_mode:int=0 count_include_pad:int=0 dilations:ints kernel_shape:ints! pads:ints strides:ints}
 22 T=floats+bfloat16
BatchNormalization
 1 X:T scale:T B:T mean:T var:T -> Y:T mean?:T var?:T saved_mean?:T saved_var?:T {consumed_inputs:ints! epsilon:float=1e-05 is_test:int=0 momentum:float=0.9 spatial:int=1} T=floats
 6 {epsilon:float=1e-05 is_test:int=0 momentum:float=0.9 spatial:int=1}
 7 {epsilon:float=1e-05 momentum:float=0.9 spatial:int=1}
 9 {epsilon:float=1e-05 momentum:float=0.9}
 14 X:T scale:T B:T input_mean:U input_var:U -> Y:T running_mean?:U running_var?:U {epsilon:float=1e-05 momentum:float=0.9 training_mode:int=0} T=floats+bfloat16 U=floats+bfloat16
 15 X:T scale:T1 B:T1 input_mean:T2 input_var:T2 -> Y:T running_mean?:T2 running_var?:T2 T=floats+bfloat16 T1=floats+bfloat16 T2=floats+bfloat16
Bernoulli
 15 input:T1 -> output:T2 {dtype:int seed:float} T1=floats T2=numeric+bfloat16+bool
 22 T1=floats+bfloat16 T2=numeric+bfloat16+bool
BitCast
 26 input:T1 -> output:T2 {to:int!} T1=numeric+complex+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0 T2=numeric+complex+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0
BitShift
 11 X:T Y:T -> Z:T {direction:string!} T=uints
 28 T=ints+uints
BitwiseAnd
 18 A:T B:T -> C:T T=ints+uints
BitwiseNot
 18 X:T -> Y:T T=ints+uints
BitwiseOr
 18 A:T B:T -> C:T T=ints+uints
BitwiseXor
 18 A:T B:T -> C:T T=ints+uints
BlackmanWindow
 17 size:T1 -> output:T2 {output_datatype:int=1 periodic:int=1} T1=int32+int64 T2=numeric+bfloat16
Cast
 1 input:T1 -> output:T2 {to:string!} T1=numeric+bool T2=numeric+bool
 6 {to:int!}
 9 T1=numeric+bool+string T2=numeric+bool+string
 13 T1=numeric+bfloat16+bool+string T2=numeric+bfloat16+bool+string
 19 {saturate:int=1 to:int!} T1=numeric+float8+bfloat16+bool+string T2=numeric+float8+bfloat16+bool+string
 21 T1=numeric+float8+bits4+bfloat16+bool+string T2=numeric+float8+bits4+bfloat16+bool+string
 23 T1=numeric+float8+bits4+bfloat16+bool+float4e2m1+string T2=numeric+float8+bits4+bfloat16+bool+float4e2m1+string
 24 {round_mode:string=up saturate:int=1 to:int!} T1=numeric+float8+bits4+bfloat16+bool+float4e2m1+float8e8m0+string T2=numeric+float8+bits4+bfloat16+bool+float4e2m1+float8e8m0+string
 25 T1=numeric+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0+string T2=numeric+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0+string
 28 T1=numeric+float8+bits4+bits2+float6+bfloat16+bool+float4e2m1+float8e8m0+string T2=numeric+float8+bits4+bits2+float6+bfloat16+bool+float4e2m1+float8e8m0+string
CastLike
 15 input:T1 target_type:T2 -> output:T2 T1=numeric+bfloat16+bool+string T2=numeric+bfloat16+bool+string
 19 {saturate:int=1} T1=numeric+float8+bfloat16+bool+string T2=numeric+float8+bfloat16+bool+string
 21 T1=numeric+float8+bits4+bfloat16+bool+string T2=numeric+float8+bits4+bfloat16+bool+string
 23 T1=numeric+float8+bits4+bfloat16+bool+float4e2m1+string T2=numeric+float8+bits4+bfloat16+bool+float4e2m1+string
 24 {round_mode:string=up saturate:int=1} T1=numeric+float8+bits4+bfloat16+bool+float4e2m1+float8e8m0+string T2=numeric+float8+bits4+bfloat16+bool+float4e2m1+float8e8m0+string
 25 T1=numeric+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0+string T2=numeric+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0+string
CausalConvWithState
 27 input:T weight:T bias?:T past_state?:T -> output:T present_state:T {activation:string=none} T=bfloat16+float16+float32
Ceil
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
Celu
 12 X:T -> Y:T {alpha:float=1} T=float32
 28 T=floats+bfloat16
CenterCropPad
 18 input_data:T shape:Tind -> output_data:T {axes:ints} T=all+bfloat16 Tind=int32+int64
Clip
 1 input:T -> output:T {consumed_inputs:ints max:float min:float} T=floats
 6 {max:float=3.4028235e+38 min:float=-3.4028235e+38}
 11 input:T min?:T max?:T -> output:T {}
 12 T=numeric
 13 T=numeric+bfloat16
Col2Im
 18 input:T image_shape:int64 block_shape:int64 -> output:T {dilations:ints pads:ints strides:ints} T=all+bfloat16
Compress
 9 input:T condition:T1 -> output:T {axis:int} T=all T1=bool
 11
 28 T=all+bfloat16 T1=bool
Concat
 1 inputs+:T -> concat_result:T {axis:int} T=floats
 4 {axis:int!} T=all
 11
 13 T=all+bfloat16
ConcatFromSequence
 11 input_sequence:S -> concat_result:T {axis:int! new_axis:int=0} S=sequence T=all
Constant
 1 -> output:T {value:tensor!} T=floats
 9 T=all
 11 {sparse_value:sparse_tensor value:tensor}
 12 {sparse_value:sparse_tensor value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings}
 13 T=all+bfloat16
 19 T=all+float8+bfloat16
 21 T=all+float8+bits4+bfloat16
 23 T=all+float8+bits4+bfloat16+float4e2m1
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
ConstantOfShape
 9 input:T1 -> output:T2 {value:tensor} T1=int64 T2=numeric+bool
 20 T1=int64 T2=numeric+float8+bfloat16+bool
 21 T1=int64 T2=numeric+float8+bits4+bfloat16+bool
 23 T1=int64 T2=numeric+float8+bits4+bfloat16+bool+float4e2m1
 24 T1=int64 T2=numeric+float8+bits4+bfloat16+bool+float4e2m1+float8e8m0
 25 T1=int64 T2=numeric+float8+bits4+bits2+bfloat16+bool+float4e2m1+float8e8m0
Conv
 1 X:T W:T B?:T -> Y:T {auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints pads:ints strides:ints} T=floats
 11
 22 T=floats+bfloat16
ConvInteger
 10 x:T1 w:T2 x_zero_point?:T1 w_zero_point?:T2 -> y:T3 {auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints pads:ints strides:ints} T1=int8+uint8 T2=int8+uint8 T3=int32
ConvTranspose
 1 X:T W:T B?:T -> Y:T {auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints output_padding:ints output_shape:ints pads:ints strides:ints} T=floats
 11
 22 T=floats+bfloat16
Cos
 7 input:T -> output:T T=floats
 22 T=floats+bfloat16
Cosh
 9 input:T -> output:T T=floats
 22 T=floats+bfloat16
CumProd
 26 x:T axis:T2 -> y:T {exclusive:int=0 reverse:int=0} T=floats+bfloat16+int32+int64+uint32+uint64 T2=int32+int64
CumSum
 11 x:T axis:T2 -> y:T {exclusive:int=0 reverse:int=0} T=float32+float64+int32+int64+uint32+uint64 T2=int32+int64
 14 T=floats+bfloat16+int32+int64+uint32+uint64 T2=int32+int64
DFT
 17 input:T1 dft_length?:T2 -> output:T1 {axis:int=1 inverse:int=0 onesided:int=0} T1=floats+bfloat16 T2=int32+int64
 20 input:T1 dft_length?:T2 axis?:int64 -> output:T1 {inverse:int=0 onesided:int=0}
DeformConv
 19 X:T W:T offset:T B?:T mask?:T -> Y:T {dilations:ints group:int=1 kernel_shape:ints offset_group:int=1 pads:ints strides:ints} T=floats
 22 T=floats+bfloat16
DepthToSpace
 1 input:T -> output:T {blocksize:int!} T=all
 11 {blocksize:int! mode:string=DCR}
 13 T=all+bfloat16
 28
DequantizeLinear
 10 x:T x_scale:float32 x_zero_point?:T -> y:float32 T=int32+int8+uint8
 13 {axis:int=1}
 19 x:T1 x_scale:T2 x_zero_point?:T1 -> y:T2 T1=float8+int32+int8+uint8 T2=bfloat16+float16+float32
 21 {axis:int=1 block_size:int=0} T1=float8+bits4+int16+int32+int8+uint16+uint8 T2=bfloat16+float16+float32
 23 x:T1 x_scale:T2 x_zero_point?:T1 -> y:T3 {axis:int=1 block_size:int=0 output_dtype:int=0} T1=float8+bits4+float4e2m1+int16+int32+int8+uint16+uint8 T2=bfloat16+float16+float32 T3=bfloat16+float16+float32
 24 T1=float8+bits4+float4e2m1+int16+int32+int8+uint16+uint8 T2=bfloat16+float16+float32+float8e8m0 T3=bfloat16+float16+float32
 25 T1=float8+bits4+bits2+float4e2m1+int16+int32+int8+uint16+uint8 T2=bfloat16+float16+float32+float8e8m0 T3=bfloat16+float16+float32
 28 T1=float8+bits4+bits2+float6+float4e2m1+int16+int32+int8+uint16+uint8 T2=bfloat16+float16+float32+float8e8m0 T3=bfloat16+float16+float32
Det
 11 X:T -> Y:T T=floats
 22 T=floats+bfloat16
Div
 1 A:T B:T -> C:T {axis:int broadcast:int=0 consumed_inputs:ints} T=floats
 6 {axis:int broadcast:int=0} T=floats+int32+int64+uint32+uint64
 7 {}
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 14 T=numeric+bfloat16
Dropout
 1 data:T -> output:T mask?:T {consumed_inputs:ints is_test:int=0 ratio:float=0.5} T=floats
 6 {is_test:int=0 ratio:float=0.5}
 7 {ratio:float=0.5}
 10 data:T -> output:T mask?:T1 T=floats T1=bool
 12 data:T ratio?:T1 training_mode?:T2 -> output:T mask?:T2 {seed:int} T=floats T1=floats T2=bool
 13 T=floats+bfloat16 T1=floats T2=bool
 22 T=floats+float8+bfloat16 T1=floats+float8+bfloat16 T2=bool
DynamicQuantizeLinear
 11 x:T1 -> y:T2 y_scale:float32 y_zero_point:T2 T1=float32 T2=uint8
Einsum
 12 Inputs+:T -> Output:T {equation:string!} T=numeric
 28 T=numeric+bfloat16
Elu
 1 X:T -> Y:T {alpha:float=1 consumed_inputs:ints} T=floats
 6 {alpha:float=1}
 22 T=floats+bfloat16
Equal
 1 A:T B:T -> C:T1 {axis:int broadcast:int=0} T=bool+int32+int64 T1=bool
 7 {}
 11 T=numeric+bool T1=bool
 13 T=numeric+bfloat16+bool T1=bool
 19 T=numeric+bfloat16+bool+string T1=bool
Erf
 9 input:T -> output:T T=numeric
 13 T=floats+bfloat16
Exp
 1 input:T -> output:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
Expand
 8 input:T shape:int64 -> output:T T=all
 13 T=all+bfloat16
EyeLike
 9 input:T1 -> output:T2 {dtype:int k:int=0} T1=numeric+bool T2=numeric+bool
 22 T1=numeric+bfloat16+bool T2=numeric+bfloat16+bool
Flatten
 1 input:T -> output:T {axis:int=1} T=floats
 9 T=all
 11
 13 T=all+bfloat16
 21 T=all+float8+bits4+bfloat16
 23 T=all+float8+bits4+bfloat16+float4e2m1
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
Floor
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
GRU
 1 X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T -> Y?:T Y_h:T {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=foward hidden_size:int output_sequence:int=0} T=floats T1=int32
 3 X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T -> Y?:T Y_h?:T {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int linear_before_reset:int=0 output_sequence:int=0}
 7 {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int linear_before_reset:int=0}
 14 {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int layout:int=0 linear_before_reset:int=0}
 22 T=floats+bfloat16 T1=int32
Gather
 1 data:T indices:Tind -> output:T {axis:int=0} T=all Tind=int32+int64
 11
 13 T=all+bfloat16 Tind=int32+int64
GatherElements
 11 data:T indices:Tind -> output:T {axis:int=0} T=all Tind=int32+int64
 13 T=all+bfloat16 Tind=int32+int64
GatherND
 11 data:T indices:int64 -> output:T T=all
 12 {batch_dims:int=0}
 13 T=all+bfloat16
Gelu
 20 X:T -> Y:T {approximate:string=none} T=floats+bfloat16
Gemm
 1 A:T B:T C:T -> Y:T {alpha:float=1 beta:float=1 broadcast:int=0 transA:int=0 transB:int=0} T=floats
 6
 7 {alpha:float=1 beta:float=1 transA:int=0 transB:int=0}
 9 T=floats+int32+int64+uint32+uint64
 11 A:T B:T C?:T -> Y:T
 13 T=floats+bfloat16+int32+int64+uint32+uint64
GlobalAveragePool
 1 X:T -> Y:T T=floats
 22 T=floats+bfloat16
GlobalLpPool
 1 X:T -> Y:T {p:float=2} T=floats
 2 {p:int=2}
 22 T=floats+bfloat16
GlobalMaxPool
 1 X:T -> Y:T T=floats
 22 T=floats+bfloat16
Greater
 1 A:T B:T -> C:T1 {axis:int broadcast:int=0} T=floats T1=bool
 7 {}
 9 T=numeric T1=bool
 13 T=numeric+bfloat16 T1=bool
GreaterOrEqual
 12 A:T B:T -> C:T1 T=numeric T1=bool
 16 T=numeric+bfloat16 T1=bool
GridSample
 16 X:T1 grid:T2 -> Y:T1 {align_corners:int=0 mode:string=bilinear padding_mode:string=zeros} T1=all T2=floats
 20 {align_corners:int=0 mode:string=linear padding_mode:string=zeros}
 22 T1=all+bfloat16 T2=floats+bfloat16
GroupNormalization
 18 deprecated
 21 X:T scale:T bias:T -> Y:T {epsilon:float=1e-05 num_groups:int! stash_type:int=1} T=floats+bfloat16
HammingWindow
 17 size:T1 -> output:T2 {output_datatype:int=1 periodic:int=1} T1=int32+int64 T2=numeric+bfloat16
HannWindow
 17 size:T1 -> output:T2 {output_datatype:int=1 periodic:int=1} T1=int32+int64 T2=numeric+bfloat16
HardSigmoid
 1 X:T -> Y:T {alpha:float=0.2 beta:float=0.5 consumed_inputs:ints} T=floats
 6 {alpha:float=0.2 beta:float=0.5}
 22 T=floats+bfloat16
HardSwish
 14 X:T -> Y:T T=floats
 22 T=floats+bfloat16
Hardmax
 1 input:T -> output:T {axis:int=1} T=floats
 11
 13 {axis:int=-1} T=floats+bfloat16
Identity
 1 input:T -> output:T T=all
 13 T=all+bfloat16
 14 input:V -> output:V V=all+bfloat16+sequence
 16 V=all+bfloat16+optional+sequence
 19 V=all+float8+bfloat16+optional+sequence
 21 V=all+float8+bits4+bfloat16+optional+sequence
 23 V=all+float8+bits4+bfloat16+float4e2m1+optional+sequence
 24 V=all+float8+bits4+bfloat16+float4e2m1+float8e8m0+optional+sequence
 25 V=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0+optional+sequence
If
 1 cond:B -> outputs+~:V {else_branch:graph! then_branch:graph!} V=all B=bool
 11
 13 V=all+sequence B=bool
 16 V=all+bfloat16+optional+sequence B=bool
 19 V=all+float8+bfloat16+optional+sequence B=bool
 21 V=all+float8+bits4+bfloat16+optional+sequence B=bool
 23 V=all+float8+bits4+bfloat16+float4e2m1+optional+sequence B=bool
 24 V=all+float8+bits4+bfloat16+float4e2m1+float8e8m0+optional+sequence B=bool
 25 V=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0+optional+sequence B=bool
ImageDecoder
 20 encoded_stream:T1 -> image:T2 {pixel_format:string=RGB} T1=uint8 T2=uint8
InstanceNormalization
 1 input:T scale:T B:T -> output:T {consumed_inputs:ints epsilon:float=1e-05} T=floats
 6 {epsilon:float=1e-05}
 22 T=floats+bfloat16
IsInf
 10 X:T1 -> Y:T2 {detect_negative:int=1 detect_positive:int=1} T1=float32+float64 T2=bool
 20 T1=floats+float8+bfloat16 T2=bool
IsNaN
 9 X:T1 -> Y:T2 T1=floats T2=bool
 13 T1=floats+bfloat16 T2=bool
 20 T1=floats+float8+bfloat16 T2=bool
LRN
 1 X:T -> Y:T {alpha:float=0.0001 beta:float=0.75 bias:float=1 size:int!} T=floats
 13 T=floats+bfloat16
LSTM
 1 X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T initial_c?:T P?:T -> Y?:T Y_h?:T Y_c?:T {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int input_forget:int=0 output_sequence:int=0} T=floats T1=int32
 7 {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int input_forget:int=0}
 14 {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int input_forget:int=0 layout:int=0}
 22 T=floats+bfloat16 T1=int32
LayerNormalization
 17 X:T Scale:T B?:T -> Y:T Mean?:U InvStdDev?:U {axis:int=-1 epsilon:float=1e-05 stash_type:int=1} T=floats+bfloat16 U=bfloat16+float32
LeakyRelu
 1 X:T -> Y:T {alpha:float=0.01 consumed_inputs:ints} T=floats
 6 {alpha:float=0.01}
 16 T=floats+bfloat16
Less
 1 A:T B:T -> C:T1 {axis:int broadcast:int=0} T=floats T1=bool
 7 {}
 9 T=numeric T1=bool
 13 T=numeric+bfloat16 T1=bool
LessOrEqual
 12 A:T B:T -> C:T1 T=numeric T1=bool
 16 T=numeric+bfloat16 T1=bool
LinearAttention
 27 query:T key:T value:T past_state?:S decay?:T beta?:T -> output:T present_state:S {chunk_size:int=64 kv_num_heads:int! q_num_heads:int! scale:float=0 update_rule:string=gated_delta} T=bfloat16+float16+float32 S=bfloat16+float16+float32
Log
 1 input:T -> output:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
LogSoftmax
 1 input:T -> output:T {axis:int=1} T=floats
 11
 13 {axis:int=-1} T=floats+bfloat16
Loop
 1 M?:I cond?:B v_initial+~:V -> v_final_and_scan_outputs+~:V {body:graph!} V=all I=int64 B=bool
 11 M?:I cond?:B v_initial*~:V -> v_final_and_scan_outputs+~:V
 13 V=all+sequence I=int64 B=bool
 16 V=all+bfloat16+optional+sequence I=int64 B=bool
 19 V=all+float8+bfloat16+optional+sequence I=int64 B=bool
 21 V=all+float8+bits4+bfloat16+optional+sequence I=int64 B=bool
 23 V=all+float8+bits4+bfloat16+float4e2m1+optional+sequence I=int64 B=bool
 24 V=all+float8+bits4+bfloat16+float4e2m1+float8e8m0+optional+sequence I=int64 B=bool
 25 V=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0+optional+sequence I=int64 B=bool
LpNormalization
 1 input:T -> output:T {axis:int=-1 p:int=2} T=floats
 22 T=floats+bfloat16
LpPool
 1 X:T -> Y:T {auto_pad:string=NOTSET kernel_shape:ints p:float=2 pads:ints strides:ints} T=floats
 2 {auto_pad:string=NOTSET kernel_shape:ints! p:int=2 pads:ints strides:ints}
 11
 18 {auto_pad:string=NOTSET ceil_mode:int=0 dilations:ints kernel_shape:ints! p:int=2 pads:ints strides:ints}
 22 T=floats+bfloat16
MatMul
 1 A:T B:T -> Y:T T=floats
 9 T=floats+int32+int64+uint32+uint64
 13 T=floats+bfloat16+int32+int64+uint32+uint64
MatMulInteger
 10 A:T1 B:T2 a_zero_point?:T1 b_zero_point?:T2 -> Y:T3 T1=int8+uint8 T2=int8+uint8 T3=int32
Max
 1 data_0+:T -> max:T {consumed_inputs:ints} T=floats
 6 {}
 8
 12 T=numeric
 13 T=numeric+bfloat16
MaxPool
 1 X:T -> Y:T {auto_pad:string=NOTSET kernel_shape:ints! pads:ints strides:ints} T=floats
 8 X:T -> Y:T Indices?:I {auto_pad:string=NOTSET kernel_shape:ints! pads:ints storage_order:int=0 strides:ints} T=floats I=int64
 10 {auto_pad:string=NOTSET ceil_mode:int=0 dilations:ints kernel_shape:ints! pads:ints storage_order:int=0 strides:ints}
 11
 12 T=floats+int8+uint8 I=int64
 22 T=floats+bfloat16+int8+uint8 I=int64
MaxRoiPool
 1 X:T rois:T -> Y:T {pooled_shape:ints! spatial_scale:float=1} T=floats
 22 T=floats+bfloat16
MaxUnpool
 9 X:T1 I:T2 output_shape?:T2 -> output:T1 {kernel_shape:ints! pads:ints strides:ints} T1=floats T2=int64
 11
 22 T1=floats+bfloat16 T2=int64
Mean
 1 data_0+:T -> mean:T {consumed_inputs:ints} T=floats
 6 {}
 8
 13 T=floats+bfloat16
MeanVarianceNormalization
 9 X:T -> Y:T {axes:ints} T=floats
 13 T=floats+bfloat16
MelWeightMatrix
 17 num_mel_bins:T1 dft_length:T1 sample_rate:T1 lower_edge_hertz:T2 upper_edge_hertz:T2 -> output:T3 {output_datatype:int=1} T1=int32+int64 T2=floats+bfloat16 T3=numeric+bfloat16
Min
 1 data_0+:T -> min:T {consumed_inputs:ints} T=floats
 6 {}
 8
 12 T=numeric
 13 T=numeric+bfloat16
Mish
 18 X:T -> Y:T T=floats
 22 T=floats+bfloat16
Mod
 10 A:T B:T -> C:T {fmod:int=0} T=numeric
 13 T=numeric+bfloat16
 28
Mul
 1 A:T B:T -> C:T {axis:int broadcast:int=0 consumed_inputs:ints} T=floats
 6 {axis:int broadcast:int=0} T=floats+int32+int64+uint32+uint64
 7 {}
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 14 T=numeric+bfloat16
Multinomial
 7 input:T1 -> output:T2 {dtype:int=6 sample_size:int=1 seed:float} T1=floats T2=int32+int64
 22 T1=floats+bfloat16 T2=int32+int64
Neg
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {} T=floats+ints
 13 T=floats+ints+bfloat16
NegativeLogLikelihoodLoss
 12 input:T target:Tind weight?:T -> loss:T {ignore_index:int reduction:string=mean} T=floats Tind=int32+int64
 13
 22 T=floats+bfloat16 Tind=int32+int64
NonMaxSuppression
 10 boxes:float32 scores:float32 max_output_boxes_per_class?:int64 iou_threshold?:float32 score_threshold?:float32 -> selected_indices:int64 {center_point_box:int=0}
 11
NonZero
 9 X:T -> Y:int64 T=all
 13 T=all+bfloat16
Not
 1 X:T -> Y:T T=bool
OneHot
 9 indices:T1 depth:T2 values:T3 -> output:T3 {axis:int=-1} T1=numeric T2=numeric T3=all
 11
 28 T1=numeric T2=numeric T3=all+bfloat16
Optional
 15 input?:V -> output:O {type:type} V=all+sequence O=optional
 28 V=all+float8+bits4+bits2+float6+bfloat16+float4e2m1+float8e8m0+sequence O=optional
OptionalGetElement
 15 input:O -> output:V O=optional V=all+sequence
 18 O=all+optional+sequence V=all+sequence
 28 O=all+float8+bits4+bits2+float6+bfloat16+float4e2m1+float8e8m0+optional+sequence V=all+float8+bits4+bits2+float6+bfloat16+float4e2m1+float8e8m0+sequence
OptionalHasElement
 15 input:O -> output:B O=optional B=bool
 18 input?:O -> output:B O=all+optional+sequence B=bool
 28 O=all+float8+bits4+bits2+float6+bfloat16+float4e2m1+float8e8m0+optional+sequence B=bool
Or
 1 A:T B:T -> C:T1 {axis:int broadcast:int=0} T=bool T1=bool
 7 {}
PRelu
 1 X:T slope:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 7
 9 T=floats+int32+int64+uint32+uint64
 16 T=floats+bfloat16+int32+int64+uint32+uint64
Pad
 1 data:T -> output:T {mode:string=constant paddings:ints! value:float=0} T=floats
 2 {mode:string=constant pads:ints! value:float=0}
 11 data:T pads:int64 constant_value?:T -> output:T {mode:string=constant} T=numeric
 13 T=all+bfloat16
 18 data:T pads:int64 constant_value?:T axes?:Tind -> output:T T=all+bfloat16 Tind=int32+int64
 19
 21 T=all+float8+bits4+bfloat16 Tind=int32+int64
 23 T=all+float8+bits4+bfloat16+float4e2m1 Tind=int32+int64
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0 Tind=int32+int64
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0 Tind=int32+int64
Pow
 1 X:T Y:T -> Z:T {axis:int broadcast:int=0} T=floats
 7 {}
 12 X:T Y:T1 -> Z:T T=floats+int32+int64 T1=numeric
 13 T=floats+bfloat16+int32+int64 T1=numeric
 15 T=floats+bfloat16+int32+int64 T1=numeric+bfloat16
QLinearConv
 10 x:T1 x_scale:float32 x_zero_point:T1 w:T2 w_scale:float32 w_zero_point:T2 y_scale:float32 y_zero_point:T3 B?:T4 -> y:T3 {auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints pads:ints strides:ints} T1=int8+uint8 T2=int8+uint8 T3=int8+uint8 T4=int32
QLinearMatMul
 10 a:T1 a_scale:float32 a_zero_point:T1 b:T2 b_scale:float32 b_zero_point:T2 y_scale:float32 y_zero_point:T3 -> y:T3 T1=int8+uint8 T2=int8+uint8 T3=int8+uint8
 21 a:T1 a_scale:TS a_zero_point:T1 b:T2 b_scale:TS b_zero_point:T2 y_scale:TS y_zero_point:T3 -> y:T3 TS=bfloat16+float16+float32 T1=float8+int8+uint8 T2=float8+int8+uint8 T3=float8+int8+uint8
QuantizeLinear
 10 x:T1 y_scale:float32 y_zero_point?:T2 -> y:T2 T1=float32+int32 T2=int8+uint8
 13 {axis:int=1}
 19 x:T1 y_scale:T1 y_zero_point?:T2 -> y:T2 {axis:int=1 saturate:int=1} T1=bfloat16+float16+float32+int32 T2=float8+int8+uint8
 21 {axis:int=1 block_size:int=0 output_dtype:int=0 saturate:int=1} T1=bfloat16+float16+float32+int32 T2=float8+bits4+int16+int8+uint16+uint8
 23 x:T1 y_scale:T2 y_zero_point?:T3 -> y:T3 {axis:int=1 block_size:int=0 output_dtype:int=0 precision:int=0 saturate:int=1} T1=bfloat16+float16+float32+int32 T2=bfloat16+float16+float32+int32 T3=float8+bits4+float4e2m1+int16+int8+uint16+uint8
 24 T1=bfloat16+float16+float32+int32 T2=bfloat16+float16+float32+float8e8m0+int32 T3=float8+bits4+float4e2m1+int16+int8+uint16+uint8
 25 T1=bfloat16+float16+float32+int32 T2=bfloat16+float16+float32+float8e8m0+int32 T3=float8+bits4+bits2+float4e2m1+int16+int8+uint16+uint8
 28 T1=bfloat16+float16+float32+int32 T2=bfloat16+float16+float32+float8e8m0+int32 T3=float8+bits4+bits2+float6+float4e2m1+int16+int8+uint16+uint8
RMSNormalization
 23 X:T scale:V -> Y:V {axis:int=-1 epsilon:float=1e-05 stash_type:int=1} T=floats+bfloat16 V=floats+bfloat16
RNN
 1 X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T -> Y?:T Y_h?:T {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int output_sequence:int=0} T=floats T1=int32
 7 {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int}
 14 {activation_alpha:floats activation_beta:floats activations:strings clip:float direction:string=forward hidden_size:int layout:int=0}
 22 T=floats+bfloat16 T1=int32
RandomNormal
 1 -> output:T {dtype:int=1 mean:float=0 scale:float=1 seed:float shape:ints!} T=floats
 22 T=floats+bfloat16
RandomNormalLike
 1 input:T1 -> output:T2 {dtype:int mean:float=0 scale:float=1 seed:float} T1=all T2=floats
 22 T1=all+bfloat16 T2=floats+bfloat16
RandomUniform
 1 -> output:T {dtype:int=1 high:float=1 low:float=0 seed:float shape:ints!} T=floats
 22 T=floats+bfloat16
RandomUniformLike
 1 input:T1 -> output:T2 {dtype:int high:float=1 low:float=0 seed:float} T1=all T2=floats
 22 T1=all+bfloat16 T2=floats+bfloat16
Range
 11 start:T limit:T delta:T -> output:T T=float32+float64+int16+int32+int64
 27 {stash_type:int=1} T=floats+bfloat16+int16+int32+int64
Reciprocal
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
ReduceL1
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
ReduceL2
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
ReduceLogSum
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
 28 T=floats+bfloat16
ReduceLogSumExp
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
 28 T=floats+bfloat16
ReduceMax
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 12 T=floats+int32+int64+int8+uint32+uint64+uint8
 13 T=floats+bfloat16+int32+int64+int8+uint32+uint64+uint8
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
 20 T=floats+bfloat16+bool+int32+int64+int8+uint32+uint64+uint8
ReduceMean
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
ReduceMin
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 12 T=floats+int32+int64+int8+uint32+uint64+uint8
 13 T=floats+bfloat16+int32+int64+int8+uint32+uint64+uint8
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
 20 T=floats+bfloat16+bool+int32+int64+int8+uint32+uint64+uint8
ReduceProd
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
ReduceSum
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0} T=floats+bfloat16+int32+int64+uint32+uint64
ReduceSumSquare
 1 data:T -> reduced:T {axes:ints keepdims:int=1} T=floats+int32+int64+uint32+uint64
 11
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 18 data:T axes?:int64 -> reduced:T {keepdims:int=1 noop_with_empty_axes:int=0}
RegexFullMatch
 20 X:T1 -> Y:T2 {pattern:string} T1=string T2=bool
Relu
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
 14 T=floats+ints+bfloat16
Reshape
 1 data:T -> reshaped:T {consumed_inputs:ints shape:ints} T=floats
 5 data:T shape:int64 -> reshaped:T {} T=all
 13 T=all+bfloat16
 14 {allowzero:int=0}
 19 T=all+float8+bfloat16
 21 T=all+float8+bits4+bfloat16
 23 T=all+float8+bits4+bfloat16+float4e2m1
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
Resize
 10 X:T scales:float32 -> Y:T {mode:string=nearest} T=all
 11 X:T1 roi:T2 scales:float32 sizes?:int64 -> Y:T1 {coordinate_transformation_mode:string=half_pixel cubic_coeff_a:float=-0.75 exclude_outside:int=0 extrapolation_value:float=0 mode:string=nearest nearest_mode:string=round_prefer_floor} T1=all T2=floats
 13 X:T1 roi?:T2 scales?:float32 sizes?:int64 -> Y:T1 T1=all+bfloat16 T2=floats
 18 {antialias:int=0 axes:ints coordinate_transformation_mode:string=half_pixel cubic_coeff_a:float=-0.75 exclude_outside:int=0 extrapolation_value:float=0 keep_aspect_ratio_policy:string=stretch mode:string=nearest nearest_mode:string=round_prefer_floor}
 19
ReverseSequence
 10 input:T sequence_lens:int64 -> Y:T {batch_axis:int=1 time_axis:int=0} T=all
 28 T=all+bfloat16
RoiAlign
 10 X:T1 rois:T1 batch_indices:T2 -> Y:T1 {mode:string=avg output_height:int=1 output_width:int=1 sampling_ratio:int=0 spatial_scale:float=1} T1=floats T2=int64
 16 {coordinate_transformation_mode:string=half_pixel mode:string=avg output_height:int=1 output_width:int=1 sampling_ratio:int=0 spatial_scale:float=1}
 22 T1=floats+bfloat16 T2=int64
RotaryEmbedding
 23 X:T cos_cache:T sin_cache:T position_ids?:M -> Y:T {interleaved:int=0 num_heads:int rotary_embedding_dim:int=0} T=bfloat16+float16+float32 M=int64
Round
 11 X:T -> Y:T T=floats
 22 T=floats+bfloat16
STFT
 17 signal:T1 frame_step:T2 window?:T1 frame_length?:T2 -> output:T1 {onesided:int=1} T1=floats+bfloat16 T2=int32+int64
Scan
 8 sequence_lens?:I initial_state_and_scan_inputs+~:V -> final_state_and_scan_outputs+~:V {body:graph! directions:ints num_scan_inputs:int!} I=int64 V=all
 9 initial_state_and_scan_inputs+~:V -> final_state_and_scan_outputs+~:V {body:graph! num_scan_inputs:int! scan_input_axes:ints scan_input_directions:ints scan_output_axes:ints scan_output_directions:ints} V=all
 11
 16 V=all+bfloat16
 19 V=all+float8+bfloat16
 21 V=all+float8+bits4+bfloat16
 23 V=all+float8+bits4+bfloat16+float4e2m1
 24 V=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 V=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
Scatter
 9 data:T indices:Tind updates:T -> output:T {axis:int=0} T=all Tind=int32+int64
 11 deprecated
ScatterElements
 11 data:T indices:Tind updates:T -> output:T {axis:int=0} T=all Tind=int32+int64
 13 T=all+bfloat16 Tind=int32+int64
 16 {axis:int=0 reduction:string=none}
 18
ScatterND
 11 data:T indices:int64 updates:T -> output:T T=all
 13 T=all+bfloat16
 16 {reduction:string=none}
 18
Selu
 1 X:T -> Y:T {alpha:float=1.6732 consumed_inputs:ints gamma:float=1.0507} T=floats
 6 {alpha:float=1.6732632 gamma:float=1.050701}
 22 T=floats+bfloat16
SequenceAt
 11 input_sequence:S position:I -> tensor:T S=sequence T=all I=int32+int64
SequenceConstruct
 11 inputs+:T -> output_sequence:S T=all S=sequence
SequenceEmpty
 11 -> output:S {dtype:int} S=sequence
SequenceErase
 11 input_sequence:S position?:I -> output_sequence:S S=sequence I=int32+int64
SequenceInsert
 11 input_sequence:S tensor:T position?:I -> output_sequence:S T=all S=sequence I=int32+int64
SequenceLength
 11 input_sequence:S -> length:I S=sequence I=int64
SequenceMap
 17 input_sequence:S additional_inputs*~:V -> out_sequence+~:S {body:graph!} S=sequence V=all+sequence
Shape
 1 data:T -> shape:T1 T=all T1=int64
 13 T=all+bfloat16 T1=int64
 15 {end:int start:int=0}
 19 T=all+float8+bfloat16 T1=int64
 21 T=all+float8+bits4+bfloat16 T1=int64
 23 T=all+float8+bits4+bfloat16+float4e2m1 T1=int64
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0 T1=int64
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0 T1=int64
Shrink
 9 input:T -> output:T {bias:float=0 lambd:float=0.5} T=numeric
Sigmoid
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
Sign
 9 input:T -> output:T T=numeric
 13 T=numeric+bfloat16
Sin
 7 input:T -> output:T T=floats
 22 T=floats+bfloat16
Sinh
 9 input:T -> output:T T=floats
 22 T=floats+bfloat16
Size
 1 data:T -> size:T1 T=all T1=int64
 13 T=all+bfloat16 T1=int64
 19 T=all+float8+bfloat16 T1=int64
 21 T=all+float8+bits4+bfloat16 T1=int64
 23 T=all+float8+bits4+bfloat16+float4e2m1 T1=int64
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0 T1=int64
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0 T1=int64
Slice
 1 data:T -> output:T {axes:ints ends:ints! starts:ints!} T=all
 10 data:T starts:Tind ends:Tind axes?:Tind steps?:Tind -> output:T {} T=all Tind=int32+int64
 11
 13 T=all+bfloat16 Tind=int32+int64
Softmax
 1 input:T -> output:T {axis:int=1} T=floats
 11
 13 {axis:int=-1} T=floats+bfloat16
SoftmaxCrossEntropyLoss
 12 scores:T labels:Tind weights?:T -> output:T log_prob?:T {ignore_index:int reduction:string=mean} T=floats Tind=int32+int64
 13 T=floats+bfloat16 Tind=int32+int64
Softplus
 1 X:T -> Y:T T=floats
 22 T=floats+bfloat16
Softsign
 1 input:T -> output:T T=floats
 22 T=floats+bfloat16
SpaceToDepth
 1 input:T -> output:T {blocksize:int!} T=all
 13 T=all+bfloat16
 28 {blocksize:int! mode:string=DCR}
Split
 1 input:T split?:T -> outputs+:T {axis:int split:ints} T=floats
 2 input:T -> outputs+:T {axis:int=0 split:ints} T=all
 11
 13 input:T split?:int64 -> outputs+:T {axis:int=0} T=all+bfloat16
 18 {axis:int=0 num_outputs:int}
SplitToSequence
 11 input:T split?:I -> output_sequence:S {axis:int=0 keepdims:int=1} T=all I=int32+int64 S=sequence
 24 T=all+bfloat16 I=int32+int64 S=sequence
Sqrt
 1 X:T -> Y:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
Squeeze
 1 data:T -> squeezed:T {axes:ints} T=all
 11
 13 data:T axes?:int64 -> squeezed:T {} T=all+bfloat16
 21 T=all+float8+bits4+bfloat16
 23 T=all+float8+bits4+bfloat16+float4e2m1
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
StringConcat
 20 X:T Y:T -> Z:T T=string
StringNormalizer
 10 X:string -> Y:string {case_change_action:string=NONE is_case_sensitive:int=0 locale:string stopwords:strings}
StringSplit
 20 X:T1 -> Y:T2 Z:T3 {delimiter:string maxsplit:int} T1=string T2=string T3=int64
Sub
 1 A:T B:T -> C:T {axis:int broadcast:int=0 consumed_inputs:ints} T=floats
 6 {axis:int broadcast:int=0} T=floats+int32+int64+uint32+uint64
 7 {}
 13 T=floats+bfloat16+int32+int64+uint32+uint64
 14 T=numeric+bfloat16
Sum
 1 data_0+:T -> sum:T {consumed_inputs:ints} T=floats
 6 {}
 8
 13 T=floats+bfloat16
SwiGLU
 28 A:T B:T -> Y:T {alpha:float=1} T=floats+bfloat16
Swish
 24 X:T -> Y:T {alpha:float=1} T=floats+bfloat16
Tan
 7 input:T -> output:T T=floats
 22 T=floats+bfloat16
Tanh
 1 input:T -> output:T {consumed_inputs:ints} T=floats
 6 {}
 13 T=floats+bfloat16
TensorScatter
 24 past_cache:T update:T write_indices?:int64 -> present_cache:T {axis:int=-2 mode:string=linear} T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
TfIdfVectorizer
 9 X:T -> Y:T1 {max_gram_length:int! max_skip_count:int! min_gram_length:int! mode:string! ngram_counts:ints! ngram_indexes:ints! pool_int64s:ints pool_strings:strings weights:floats} T=int32+int64+string T1=float32
ThresholdedRelu
 10 X:T -> Y:T {alpha:float=1} T=floats
 22 T=floats+bfloat16
Tile
 1 input:T tiles:T axis:T -> output:T T=floats
 6 input:T repeats:T1 -> output:T T=all T1=int64
 13 T=all+bfloat16 T1=int64
TopK
 1 X:T -> Values:T Indices:I {axis:int=-1 k:int!} T=floats I=int64
 10 X:T K:int64 -> Values:T Indices:I {axis:int=-1}
 11 {axis:int=-1 largest:int=1 sorted:int=1} T=numeric I=int64
 24 T=numeric+bfloat16 I=int64
Transpose
 1 data:T -> transposed:T {perm:ints} T=all
 13 T=all+bfloat16
 21 T=all+float8+bits4+bfloat16
 23 T=all+float8+bits4+bfloat16+float4e2m1
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
Trilu
 14 input:T k?:int64 -> output:T {upper:int=1} T=all+bfloat16
Unique
 11 X:T -> Y:T indices?:int64 inverse_indices?:int64 counts?:int64 {axis:int sorted:int=1} T=all
 28 T=all+bfloat16
Unsqueeze
 1 data:T -> expanded:T {axes:ints!} T=all
 11
 13 data:T axes:int64 -> expanded:T {} T=all+bfloat16
 21 T=all+float8+bits4+bfloat16
 23 T=all+float8+bits4+bfloat16+float4e2m1
 24 T=all+float8+bits4+bfloat16+float4e2m1+float8e8m0
 25 T=all+float8+bits4+bits2+bfloat16+float4e2m1+float8e8m0
Upsample
 1 X:T -> Y:T {height_scale:float! mode:string=nearest width_scale:float!} T=floats+bool+int32+int64
 7 {mode:string=nearest scales:floats!} T=all
 9 X:T scales:float32 -> Y:T {mode:string=nearest}
 10 deprecated
Where
 9 condition:B X:T Y:T -> output:T B=bool T=all
 16 B=bool T=all+bfloat16
Xor
 1 A:T B:T -> C:T1 {axis:int broadcast:int=0} T=bool T1=bool
 7 {}
ai.onnx.ml.ArrayFeatureExtractor
 1 X:T Y:int64 -> Z:T T=float32+float64+int32+int64+string
ai.onnx.ml.Binarizer
 1 X:T -> Y:T {threshold:float=0} T=float32+float64+int32+int64
ai.onnx.ml.CastMap
 1 X:T1 -> Y:T2 {cast_to:string=TO_FLOAT map_form:string=DENSE max_map:int=1} T1=map T2=float32+int64+string
ai.onnx.ml.CategoryMapper
 1 X:T1 -> Y:T2 {cats_int64s:ints cats_strings:strings default_int64:int=-1 default_string:string=_Unused} T1=int64+string T2=int64+string
ai.onnx.ml.DictVectorizer
 1 X:T1 -> Y:T2 {int64_vocabulary:ints string_vocabulary:strings} T1=map T2=float32+float64+int64+string
ai.onnx.ml.FeatureVectorizer
 1 X+:T1 -> Y:float32 {inputdimensions:ints} T1=float32+float64+int32+int64
ai.onnx.ml.Imputer
 1 X:T -> Y:T {imputed_value_floats:floats imputed_value_int64s:ints replaced_value_float:float=0 replaced_value_int64:int=0} T=float32+float64+int32+int64
ai.onnx.ml.LabelEncoder
 1 X:T1 -> Y:T2 {classes_strings:strings default_int64:int=-1 default_string:string=_Unused} T1=int64+string T2=int64+string
 2 {default_float:float=-0 default_int64:int=-1 default_string:string=_Unused keys_floats:floats keys_int64s:ints keys_strings:strings values_floats:floats values_int64s:ints values_strings:strings} T1=float32+int64+string T2=float32+int64+string
 4 {default_float:float=-0 default_int64:int=-1 default_string:string=_Unused default_tensor:tensor keys_floats:floats keys_int64s:ints keys_strings:strings keys_tensor:tensor values_floats:floats values_int64s:ints values_strings:strings values_tensor:tensor} T1=float32+float64+int16+int32+int64+string T2=float32+float64+int16+int32+int64+string
ai.onnx.ml.LinearClassifier
 1 X:T1 -> Y:T2 Z:float32 {classlabels_ints:ints classlabels_strings:strings coefficients:floats! intercepts:floats multi_class:int=0 post_transform:string=NONE} T1=float32+float64+int32+int64 T2=int64+string
ai.onnx.ml.LinearRegressor
 1 X:T -> Y:float32 {coefficients:floats intercepts:floats post_transform:string=NONE targets:int=1} T=float32+float64+int32+int64
ai.onnx.ml.Normalizer
 1 X:T -> Y:float32 {norm:string=MAX} T=float32+float64+int32+int64
ai.onnx.ml.OneHotEncoder
 1 X:T -> Y:float32 {cats_int64s:ints cats_strings:strings zeros:int=1} T=float32+float64+int32+int64+string
ai.onnx.ml.SVMClassifier
 1 X:T1 -> Y:T2 Z:float32 {classlabels_ints:ints classlabels_strings:strings coefficients:floats kernel_params:floats kernel_type:string=LINEAR post_transform:string=NONE prob_a:floats prob_b:floats rho:floats support_vectors:floats vectors_per_class:ints} T1=float32+float64+int32+int64 T2=int64+string
ai.onnx.ml.SVMRegressor
 1 X:T -> Y:float32 {coefficients:floats kernel_params:floats kernel_type:string=LINEAR n_supports:int=0 one_class:int=0 post_transform:string=NONE rho:floats support_vectors:floats} T=float32+float64+int32+int64
ai.onnx.ml.Scaler
 1 X:T -> Y:float32 {offset:floats scale:floats} T=float32+float64+int32+int64
ai.onnx.ml.TreeEnsemble
 5 X:T -> Y:T {aggregate_function:int=1 leaf_targetids:ints! leaf_weights:tensor! membership_values:tensor n_targets:int nodes_falseleafs:ints! nodes_falsenodeids:ints! nodes_featureids:ints! nodes_hitrates:tensor nodes_missing_value_tracks_true:ints nodes_modes:tensor! nodes_splits:tensor! nodes_trueleafs:ints! nodes_truenodeids:ints! post_transform:int=0 tree_roots:ints!} T=floats
ai.onnx.ml.TreeEnsembleClassifier
 1 X:T1 -> Y:T2 Z:float32 {base_values:floats class_ids:ints class_nodeids:ints class_treeids:ints class_weights:floats classlabels_int64s:ints classlabels_strings:strings nodes_falsenodeids:ints nodes_featureids:ints nodes_hitrates:floats nodes_missing_value_tracks_true:ints nodes_modes:strings nodes_nodeids:ints nodes_treeids:ints nodes_truenodeids:ints nodes_values:floats post_transform:string=NONE} T1=float32+float64+int32+int64 T2=int64+string
 3 {base_values:floats base_values_as_tensor:tensor class_ids:ints class_nodeids:ints class_treeids:ints class_weights:floats class_weights_as_tensor:tensor classlabels_int64s:ints classlabels_strings:strings nodes_falsenodeids:ints nodes_featureids:ints nodes_hitrates:floats nodes_hitrates_as_tensor:tensor nodes_missing_value_tracks_true:ints nodes_modes:strings nodes_nodeids:ints nodes_treeids:ints nodes_truenodeids:ints nodes_values:floats nodes_values_as_tensor:tensor post_transform:string=NONE}
 5 deprecated
ai.onnx.ml.TreeEnsembleRegressor
 1 X:T -> Y:float32 {aggregate_function:string=SUM base_values:floats n_targets:int nodes_falsenodeids:ints nodes_featureids:ints nodes_hitrates:floats nodes_missing_value_tracks_true:ints nodes_modes:strings nodes_nodeids:ints nodes_treeids:ints nodes_truenodeids:ints nodes_values:floats post_transform:string=NONE target_ids:ints target_nodeids:ints target_treeids:ints target_weights:floats} T=float32+float64+int32+int64
 3 {aggregate_function:string=SUM base_values:floats base_values_as_tensor:tensor n_targets:int nodes_falsenodeids:ints nodes_featureids:ints nodes_hitrates:floats nodes_hitrates_as_tensor:tensor nodes_missing_value_tracks_true:ints nodes_modes:strings nodes_nodeids:ints nodes_treeids:ints nodes_truenodeids:ints nodes_values:floats nodes_values_as_tensor:tensor post_transform:string=NONE target_ids:ints target_nodeids:ints target_treeids:ints target_weights:floats target_weights_as_tensor:tensor}
 5 deprecated
ai.onnx.ml.ZipMap
 1 X:float32 -> Z:T {classlabels_int64s:ints classlabels_strings:strings} T=sequence
ai.onnx.preview.FlexAttention
 1 Q:T1 K:T1 V:T1 -> Y:T1 {prob_mod:graph scale:float score_mod:graph softmax_precision:int} T1=floats+bfloat16
ai.onnx.preview.training.Adagrad
 1 R:T1 T:T2 inputs+~:T3 -> outputs+~:T3 {decay_factor:float=0 epsilon:float=1e-06 norm_coefficient:float=0} T1=float32+float64 T2=int64 T3=float32+float64
ai.onnx.preview.training.Adam
 1 R:T1 T:T2 inputs+~:T3 -> outputs+~:T3 {alpha:float=0.9 beta:float=0.999 epsilon:float=1e-06 norm_coefficient:float=0 norm_coefficient_post:float=0} T1=float32+float64 T2=int64 T3=float32+float64
ai.onnx.preview.training.Gradient
 1 Inputs+~:T1 -> Outputs+~:T2 {xs:strings! y:string! zs:strings} T1=all T2=floats
ai.onnx.preview.training.Momentum
 1 R:T1 T:T2 inputs+~:T3 -> outputs+~:T3 {alpha:float! beta:float! mode:string! norm_coefficient:float!} T1=float32+float64 T2=int64 T3=float32+float64
`;
