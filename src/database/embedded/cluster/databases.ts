import { createDatabase, type Databases, dropDatabase } from "../../databases.ts";
import type { DatabaseServer } from "../../server.ts";

/** Databases on a server that is only ours: all of them belong to the run and go with the server. */
export function embeddedDatabases(server: DatabaseServer): Databases {
  const made = new Set<string>();
  return {
    create: async ({ name, template }) => {
      if (made.has(name)) await dropDatabase(server, name);
      made.add(name);
      await createDatabase(server, name, template);
    },
    dropAll: async () => {},
  };
}
