import { archiveDataset } from "./archive-dataset.ts";
import { beginDatasetUpload } from "./begin-dataset-upload.ts";
import { cancelDatasetUpload } from "./cancel-dataset-upload.ts";
import { changeDataset } from "./change-dataset.ts";
import { checkDatasetEnds } from "./check-dataset-ends.ts";
import { collectDataset } from "./collect-dataset.ts";
import { commitDatasetUpload } from "./commit-dataset-upload.ts";
import { compareDatasetVersions } from "./compare-dataset-versions.ts";
import { createDatasetLink } from "./create-dataset-link.ts";
import { createDataset } from "./create-dataset.ts";
import { declareDatasetChunks } from "./declare-dataset-chunks.ts";
import { deleteDatasetAccess } from "./delete-dataset-access.ts";
import { deleteDatasetTag } from "./delete-dataset-tag.ts";
import { deleteDatasetVersion } from "./delete-dataset-version.ts";
import { deleteDataset } from "./delete-dataset.ts";
import { downloadDatasetVersion } from "./download-dataset-version.ts";
import { downloadLink } from "./download-link.ts";
import { exportDatasetVersion } from "./export-dataset-version.ts";
import { findUsedDatasetVersions } from "./find-used-dataset-versions.ts";
import { getDatasetManifest } from "./get-dataset-manifest.ts";
import { getDatasetStatistics } from "./get-dataset-statistics.ts";
import { getDatasetUpload } from "./get-dataset-upload.ts";
import { getDatasetVersion } from "./get-dataset-version.ts";
import { getDataset } from "./get-dataset.ts";
import { listDatasetTags } from "./list-dataset-tags.ts";
import { listDatasetVersions } from "./list-dataset-versions.ts";
import { listDatasets } from "./list-datasets.ts";
import { pinDatasetVersion } from "./pin-dataset-version.ts";
import { previewDataset } from "./preview-dataset.ts";
import { putDatasetAccess } from "./put-dataset-access.ts";
import { putDatasetPack } from "./put-dataset-pack.ts";
import { putDatasetTag } from "./put-dataset-tag.ts";
import { putDatasetVersion } from "./put-dataset-version.ts";
import { readDatasetRows } from "./read-dataset-rows.ts";
import { readDatasetSignal } from "./read-dataset-signal.ts";
import { restoreDataset } from "./restore-dataset.ts";
import { unpinDatasetVersion } from "./unpin-dataset-version.ts";

/** In the order of the reference. */
export const DATASET_OPERATIONS = [
  createDataset,
  listDatasets,
  getDataset,
  changeDataset,
  deleteDataset,
  archiveDataset,
  restoreDataset,
  putDatasetAccess,
  deleteDatasetAccess,
  collectDataset,
  putDatasetVersion,
  beginDatasetUpload,
  getDatasetUpload,
  checkDatasetEnds,
  declareDatasetChunks,
  putDatasetPack,
  commitDatasetUpload,
  cancelDatasetUpload,
  listDatasetVersions,
  getDatasetVersion,
  deleteDatasetVersion,
  pinDatasetVersion,
  unpinDatasetVersion,
  listDatasetTags,
  putDatasetTag,
  deleteDatasetTag,
  getDatasetManifest,
  getDatasetStatistics,
  readDatasetRows,
  previewDataset,
  readDatasetSignal,
  downloadDatasetVersion,
  exportDatasetVersion,
  compareDatasetVersions,
  findUsedDatasetVersions,
  createDatasetLink,
  downloadLink,
];
