import { parseArgs } from "node:util";
import { createClient } from "../clients/sdk/index.ts";
void parseArgs; void createClient;
