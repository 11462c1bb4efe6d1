import { afterEach, beforeEach } from "vitest";
import { connect } from "../src/database.js";
import { createSchema, dropSchema } from "../src/schema.js";

beforeEach(async (context) => {
  context.client = await connect();
  await dropSchema(context.client);
  await createSchema(context.client);
});

afterEach(async (context) => {
  await context.client?.end();
});
