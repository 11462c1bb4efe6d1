import { readFileSync, writeFileSync } from "node:fs";
import { reportV8, type V8ReportRequest } from "./report.ts";

/** The process that reads V8's files: `node dist/v8-report.js REQUEST ANSWER`, both JSON files. */
const [request = "", answer = ""] = process.argv.slice(2);
const read = JSON.parse(readFileSync(request, "utf8")) as V8ReportRequest;
writeFileSync(answer, JSON.stringify(await reportV8(read)));
