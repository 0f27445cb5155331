// Khronos' glTF validator on one file: prints {counts, messages} as JSON. MIEN_GLTF_VALIDATOR names the folder in
// which `npm install gltf-validator` was run.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const folder = process.env.MIEN_GLTF_VALIDATOR ?? process.cwd();
const validator = createRequire(join(folder, "anchor.js"))("gltf-validator");
const report = await validator.validateBytes(new Uint8Array(readFileSync(process.argv[2])), { maxIssues: 20 });
console.log(JSON.stringify(report.issues));
