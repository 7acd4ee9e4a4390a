import type { Property } from "../model.ts";
import { message, text, type Codec } from "./message.ts";

/** `onnx.StringStringEntryProto` */
export const property: Codec<Property> = message<Property>({ key: text(1), value: text(2) });
