/**
 * Facets of machine learning, which OpenLineage 2-0-2 has none of, under names that begin with
 * `linnet_`. Their schemas are components of the OpenAPI document, which `_schemaURL` names.
 */
export const HYPERPARAMETERS = "linnet_hyperparameters";
export const EVALUATION = "linnet_evaluation";
export const CODE = "linnet_code";
export const MODEL = "linnet_model";
export const TRANSFORMATION = "linnet_transformation";
