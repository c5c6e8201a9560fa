// One of the peers over the tables of tables.sql: `node server.mjs yoga|postgraphile URL`. Says its port when it listens.
import { createServer } from "node:http";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";
import pg from "pg";
import { postgraphile } from "postgraphile";

const [which, url] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 16 });

const typeDefs = /* GraphQL */ `
  type Query {
    cases(first: Int!, status: String!): CaseConnection!
    case(id: ID!): Case
  }
  type Mutation {
    addComment(id: ID!, text: String!): String!
  }
  type CaseConnection { nodes: [Case!]! pageInfo: PageInfo! }
  type EventConnection { nodes: [Event!]! pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Case {
    number: String!
    title: String!
    status: String!
    updatedAt: String!
    lead: Person
    events(first: Int!): EventConnection!
  }
  type Person { name: String }
  type Event { sequence: Int! type: String! recordedAt: String! payload: String! }
`;

// Prepared by name, as whoever wants it fast would write it.
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const page = (found, first, cursor) => {
  const nodes = found.slice(0, first);
  const endCursor = nodes.length > 0 ? cursor(nodes[nodes.length - 1]) : null;
  return { nodes, pageInfo: { hasNextPage: found.length > first, endCursor } };
};

const columns = 'case_id, number, title, status, updated_at as "updatedAt", lead_id';

const resolvers = {
  Query: {
    cases: async (_, { first, status }) => {
      const text = `select ${columns} from peers.cases where status = $1 order by updated_at desc, case_id limit $2`;
      return page(await rows("cases", text, [status, first + 1]), first, (row) => `${row.updatedAt}:${row.case_id}`);
    },
    case: async (_, { id }) => (await rows("case", `select ${columns} from peers.cases where case_id = $1`, [id]))[0],
  },
  Mutation: {
    addComment: async (_, { id, text }) =>
      (await rows("comment", "select peers.add_comment($1, $2) as place", [id, text]))[0].place,
  },
  Case: {
    lead: ({ lead_id }, _, { persons }) => (lead_id === null ? null : persons.load(lead_id)),
    events: async ({ case_id }, { first }) => {
      const text = `select sequence, type, recorded_at as "recordedAt", payload::text from peers.events
        where case_id = $1 order by sequence limit $2`;
      return page(await rows("events", text, [case_id, first + 1]), first, (row) => `${row.sequence}`);
    },
  },
};

// What the rows of one request point at is read at once.
const persons = () =>
  new DataLoader(async (ids) => {
    const found = await rows("persons", "select person_id, name from peers.persons where person_id = any($1)", [ids]);
    const byId = new Map(found.map((row) => [row.person_id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  });

const handlers = {
  yoga: () =>
    createYoga({
      schema: createSchema({ typeDefs, resolvers }),
      context: () => ({ persons: persons() }),
      graphiql: false,
      landingPage: false,
      logging: false,
      maskedErrors: false,
    }),
  postgraphile: () =>
    postgraphile(pool, "peers", {
      disableQueryLog: true,
      dynamicJson: true,
      graphiql: false,
      ignoreRBAC: true,
      setofFunctionsContainNulls: false,
      legacyRelations: "omit",
    }),
};

const server = createServer(handlers[which]());
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
