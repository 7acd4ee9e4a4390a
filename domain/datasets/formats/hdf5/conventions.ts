/** How our files say what HDF5 has no types for, in attributes that other programs show as they are. */

/** `units` of a date and of a timestamp, as the CF conventions (4.4) have them. */
export const DAYS = "days since 1970-01-01";
export const MICROSECONDS = "microseconds since 1970-01-01 00:00:00 UTC";

/** `media_type` of texts that are JSON, and of sequences that are bytes. */
export const JSON_TYPE = "application/json";
export const BYTES_TYPE = "application/octet-stream";

/** A column's number among the columns, from 0: groups and names do not keep their order. */
export const PLACE = "column_index";
