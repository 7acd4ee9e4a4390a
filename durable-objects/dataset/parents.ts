import type { Claimant, DatasetRefusal } from "../../contract/dataset-record.ts";
import { claimVersion } from "../shared/version-claims.ts";
import type { UploadStore } from "./upload-store.ts";

/** Notes at each parent of what the upload is to become that it uses it, so that the parent stays. */
export async function claimParents(
  env: Env,
  uploads: UploadStore,
  id: string,
  { consumer, of }: { consumer: string; of: Claimant },
): Promise<DatasetRefusal | null> {
  const upload = uploads.get(id);
  const parents = upload?.terms.parent_version_ids ?? [];
  if (!upload || upload.result || parents.length === 0) return null;
  uploads.put({ ...upload, claimed: parents.map((version_id) => ({ version_id, consumer })) });
  for (const version_id of parents) {
    if (!(await claimVersion(env, version_id, consumer, of)))
      return { code: "parent_not_found", version_id };
  }
  return null;
}
