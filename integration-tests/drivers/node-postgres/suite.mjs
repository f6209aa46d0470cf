// SPDX-License-Identifier: Apache-2.0
// What an application sees through node-postgres, one line for each thing it looked at; the form of the lines is told in ../README.md.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import copyStreams from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";

const MEGABYTE = 1 << 20;
const LIMIT_MILLIS = 30_000;
const oneAtATime = process.env.SUITE_ONE_AT_A_TIME === "1";
const checks = [];

function check(name, body) {
  checks.push({ name, body });
}

function short(value) {
  let text;
  if (typeof value === "string") {
    text = value;
  } else if (Buffer.isBuffer(value)) {
    text = value.toString("hex");
  } else {
    text = JSON.stringify(value) ?? String(value);
  }
  const content = Buffer.isBuffer(value) ? value : Buffer.from(text);
  if (content.length > 400) {
    return `${content.length}:${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
  }
  return text.replaceAll("\n", "\\n");
}

/** Prints what one check sees. */
class Seen {
  constructor(name) {
    this.name = name;
  }

  ok(...values) {
    console.log(["ok", this.name, ...values.map(short)].join(" "));
  }

  error(error) {
    if (!(error instanceof pg.DatabaseError)) {
      throw error;
    }
    const fields = [
      "severity",
      "detail",
      "hint",
      "position",
      "internalPosition",
      "internalQuery",
      "where",
      "schema",
      "table",
      "column",
      "dataType",
      "constraint",
    ];
    // Errors of the router's own have no place in PostgreSQL's source.
    if (this.name === "errors") {
      fields.push("file", "line", "routine");
    }
    const shown = fields.filter((field) => error[field] !== undefined).map((field) => `${field}=${JSON.stringify(error[field])}`);
    console.log(["error", this.name, error.code, error.message, ...shown].join(" "));
  }

  /** Awaits what must fail, and shows how. */
  async fails(promise) {
    try {
      await promise;
    } catch (error) {
      this.error(error);
      return;
    }
    this.ok("no error");
  }
}

/** Runs the body with a connection of its own, and with what the server told about its parameters. */
async function connected(body, options = {}) {
  const client = new pg.Client({ connectionTimeoutMillis: 20_000, query_timeout: LIMIT_MILLIS, ...options });
  const parameters = {};
  client.connection.on("parameterStatus", (message) => {
    parameters[message.parameterName] = message.parameterValue;
  });
  await client.connect();
  try {
    return await body(client, parameters);
  } finally {
    await client.end();
  }
}

async function value(client, text, values) {
  const result = await client.query({ text, values, rowMode: "array" });
  return result.rows[0][0];
}

async function rows(client, text, values) {
  return (await client.query({ text, values, rowMode: "array" })).rows;
}

// ---- login ------------------------------------------------------------------------------------------------------

check("login", async (seen) => {
  await connected(
    async (client, parameters) => {
      for (const name of ["server_version", "client_encoding", "DateStyle", "TimeZone", "application_name", "is_superuser", "session_authorization"]) {
        seen.ok(name, parameters[name]);
      }
      for (const name of ["search_path", "statement_timeout", "lock_timeout"]) {
        seen.ok(name, await value(client, `show ${name}`));
      }
    },
    { application_name: "first name", options: "-c search_path=suite", statement_timeout: 54321, lock_timeout: 4321 },
  );
});

check("login-refused", async (seen) => {
  await seen.fails(connected(async () => {}, { password: "not it" }));
});

// ---- prepared statements ----------------------------------------------------------------------------------------

check("prepared-under-names", async (seen) => {
  await connected(async (client) => {
    for (let i = 0; i < 6; i++) {
      const result = await client.query({ name: "plus", text: "select $1::int + 1 as sum", values: [i] });
      seen.ok(result.command, result.rowCount, result.rows);
    }
    const again = await client.query({ name: 'n\u00e9 "q" ', text: "select $1::text as word", values: ["x"] });
    seen.ok(again.rows);
    let total = 0;
    for (let turn = 0; turn < 2; turn++) {
      for (let i = 0; i < 100; i++) {
        total += (await client.query({ name: `many ${i}`, text: `select ${i}::int + $1::int as n`, values: [turn] })).rows[0].n;
      }
    }
    seen.ok(total);
  });
});

check("prepared-without-names", async (seen) => {
  await connected(async (client) => {
    let total = 0;
    for (let i = 0; i < 40; i++) {
      total += await value(client, "select $1::int * 2", [i]);
    }
    seen.ok(total);
  });
});

check("prepared-in-transactions", async (seen) => {
  await connected(async (client) => {
    await client.query("truncate suite.words");
    for (let i = 0; i < 9; i++) {
      await client.query("begin");
      await client.query({ name: "insert", text: "insert into suite.words (id, word) values ($1, $2)", values: [i, "w"] });
      await client.query(i % 3 === 0 ? "rollback" : "commit");
    }
    seen.ok(await rows(client, "select id from suite.words order by id"));
  });
});

check("prepared-again-after-deallocate-all", async (seen) => {
  await connected(async (client) => {
    const query = { name: "twice", text: "select $1::int * 2 as n", values: [4] };
    seen.ok((await client.query(query)).rows);
    seen.ok((await client.query("deallocate all")).command);
    await seen.fails(client.query(query));
    delete client.connection.parsedStatements.twice;
    seen.ok((await client.query(query)).rows);
    await client.query('deallocate "twice"');
    await seen.fails(client.query(query));
  });
});

check("prepared-before-the-table-changed", async (seen) => {
  await connected(async (client) => {
    await client.query("drop table if exists suite.changing_n; create table suite.changing_n (a int); insert into suite.changing_n values (1)");
    const query = { name: "changing", text: "select * from suite.changing_n" };
    seen.ok((await client.query(query)).rows);
    await client.query("alter table suite.changing_n add b text default 'new'");
    await seen.fails(client.query(query));
    seen.ok((await client.query({ ...query, name: "changed" })).rows);
  });
});

check("prepared-with-an-error", async (seen) => {
  await connected(async (client) => {
    const query = { name: "wrong", text: "select nothing from suite.words" };
    await seen.fails(client.query(query));
    await seen.fails(client.query(query));
    await client.query("begin");
    await seen.fails(client.query({ name: "wrong too", text: "select 1 / $1::int", values: [0] }));
    await seen.fails(client.query({ name: "after", text: "select 1" }));
    await client.query("rollback");
    seen.ok((await client.query({ name: "wrong too", text: "select 1 / $1::int as n", values: [1] }).catch((error) => error.message)));
    seen.ok((await client.query({ name: "after", text: "select 1" })).rows);
  });
});

// ---- queries sent together --------------------------------------------------------------------------------------

check("queries-sent-without-waiting", async (seen) => {
  await connected(async (client) => {
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => client.query("select 100 / $1::int as n", [i - 20])),
    );
    seen.ok(results.map((result) => (result.status === "fulfilled" ? result.value.rows[0].n : result.reason.code)));
  });
});

check("several-statements-in-one-query", async (seen) => {
  await connected(async (client) => {
    const results = await client.query("select 1 as a; update suite.words set word = word where false; select 'two' as b, 3 as c; ");
    seen.ok(results.map((result) => [result.command, result.rowCount, result.rows]));
    await seen.fails(client.query("create table suite.never (a int); select 1 / 0"));
    seen.ok((await client.query("select to_regclass('suite.never') as t")).rows, (await client.query("")).command);
  });
});

// ---- copy -------------------------------------------------------------------------------------------------------

async function collect(stream) {
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

check("copy-in-and-out", async (seen) => {
  await connected(async (client) => {
    await client.query("truncate suite.words");
    const lines = Array.from({ length: 20000 }, (_, i) => `${i}\ttext \u00e9 ${i}\n`);
    const into = client.query(copyStreams.from("copy suite.words (id, word) from stdin"));
    await pipeline(Readable.from(lines), into);
    seen.ok(into.rowCount);
    const out = client.query(copyStreams.to("copy (select id, word from suite.words order by id) to stdout"));
    seen.ok(await collect(out), out.rowCount);
    const binary = await collect(client.query(copyStreams.to("copy (select id, word from suite.words order by id) to stdout (format binary)")));
    seen.ok(binary);
    await client.query("truncate suite.words");
    const binaryInto = client.query(copyStreams.from("copy suite.words (id, word) from stdin (format binary)"));
    await pipeline(Readable.from([binary]), binaryInto);
    seen.ok(binaryInto.rowCount, await rows(client, "select count(*), sum(id), sum(length(word)) from suite.words"));
  });
});

check("copy-of-several-megabytes", async (seen) => {
  await connected(async (client) => {
    await client.query("truncate suite.words");
    const lines = Array.from({ length: 60 }, (_, i) => `${i}\t${"z".repeat(150_000)}\n`);
    await pipeline(Readable.from(lines), client.query(copyStreams.from("copy suite.words (id, word) from stdin")));
    let bytes = 0;
    const counting = new Writable({
      write(part, encoding, done) {
        bytes += part.length;
        setImmediate(done);
      },
    });
    await pipeline(client.query(copyStreams.to("copy suite.words (id, word) to stdout")), counting);
    seen.ok(bytes, await rows(client, "select count(*), sum(length(word)) from suite.words"));
  });
});

check("copy-that-fails", async (seen) => {
  await connected(async (client) => {
    await client.query("truncate suite.words");
    await seen.fails(pipeline(Readable.from(["1\tgood\n", "bad\n"]), client.query(copyStreams.from("copy suite.words (id, word) from stdin"))));
    await seen.fails(collect(client.query(copyStreams.to("copy (select 1 / (i - 5000) from generate_series(1, 10000) i) to stdout"))));
    await seen.fails(collect(client.query(copyStreams.to("copy suite.nowhere to stdout"))));
    seen.ok(await rows(client, "select count(*) from suite.words"));
  });
});

check("copy-given-up-by-the-client", async (seen) => {
  await connected(async (client) => {
    const into = client.query(copyStreams.from("copy suite.words (id, word) from stdin"));
    into.write("1\tgood\n");
    into.destroy(new Error("the application's own error"));
    await once(into, "error").catch(() => {});
    seen.ok(await rows(client, "select count(*) from suite.words"));
  });
});

// ---- cancel -----------------------------------------------------------------------------------------------------

/** Cancels what the client runs, by a connection of its own, and returns when the server has closed that. */
async function cancel(client) {
  const connection = new pg.Connection({ ssl: false });
  const ended = once(connection, "end");
  connection.on("error", () => {});
  connection.once("connect", () => connection.cancel(client.processID, client.secretKey));
  connection.connect(client.port, client.host);
  await ended;
}

check("cancel", async (seen) => {
  await connected(async (client) => {
    for (const text of ["select pg_sleep(60)", "select pg_sleep($1)"]) {
      const sleeping = client.query(text, text.includes("$") ? [60] : undefined);
      const failed = seen.fails(sleeping);
      await sleep(400);
      await cancel(client);
      await failed;
      seen.ok(await value(client, "select 'goes on'"));
    }
    await cancel(client);
    seen.ok(await value(client, "select pg_sleep(0.05)::text || 'and on'"));
  });
});

check("statement-timeout", async (seen) => {
  await connected(
    async (client) => {
      await seen.fails(client.query("select pg_sleep(30)"));
      seen.ok(await value(client, "select 'goes on'"));
    },
    { statement_timeout: 50 },
  );
});

// ---- notifications ----------------------------------------------------------------------------------------------

async function take(queue, count) {
  const end = Date.now() + LIMIT_MILLIS;
  while (queue.length < count && Date.now() < end) {
    await sleep(5);
  }
  return queue.splice(0, count);
}

check("notifications-of-its-own", async (seen) => {
  await connected(async (client) => {
    const got = [];
    client.on("notification", (message) => got.push([message.channel, message.payload]));
    await client.query("listen suite_node");
    await client.query("notify suite_node, 'first'");
    await client.query("begin");
    await client.query("select pg_notify('suite_node', $1)", ["second"]);
    seen.ok(got.length);
    await client.query("commit");
    seen.ok(await take(got, 2));
    await client.query("unlisten suite_node");
    await client.query("notify suite_node, 'unheard'");
    seen.ok(got.length);
  });
});

check("concurrent-notifications", async (seen) => {
  await connected(async (first) =>
    connected(async (second) => {
      const got = [];
      first.on("notification", (message) => got.push(`first ${message.payload}`));
      second.on("notification", (message) => got.push(`second ${message.payload}`));
      await first.query("listen suite_node_many");
      await second.query("listen suite_node_many");
      await connected(async (sender) => {
        for (let i = 0; i < 10; i++) {
          await sender.query("select pg_notify('suite_node_many', $1)", [String(i)]);
        }
      });
      seen.ok((await take(got, 20)).sort());
    }),
  );
});

check("notices", async (seen) => {
  await connected(async (client) => {
    const got = [];
    client.on("notice", (notice) => got.push([notice.severity, notice.code, notice.message]));
    await client.query("do $$ begin raise notice 'note %', 1; raise warning 'warning'; end $$");
    await client.query("drop table if exists suite.not_there");
    seen.ok(got);
  });
});

// ---- cursors ----------------------------------------------------------------------------------------------------

check("cursor-by-portals", async (seen) => {
  await connected(async (client) => {
    await client.query("begin");
    const cursor = client.query(new Cursor("select i from generate_series(1, $1::int) i", [95]));
    const counts = [];
    for (;;) {
      const part = await cursor.read(20);
      counts.push(part.length);
      if (part.length === 0) {
        break;
      }
    }
    seen.ok(counts);
    await cursor.close();
    const early = client.query(new Cursor("select generate_series(1, 100000) as i"));
    seen.ok((await early.read(3)).map((row) => row.i));
    await early.close();
    seen.ok(await value(client, "select 'goes on'"));
    const failing = client.query(new Cursor("select 1 / (i - 5) as n from generate_series(1, 10) i"));
    seen.ok((await failing.read(2)).length);
    await seen.fails(failing.read(5));
    await seen.fails(client.query("select 1"));
    await client.query("rollback");
  });
});

check("cursor-outside-a-transaction", async (seen) => {
  await connected(async (client) => {
    const cursor = client.query(new Cursor("select i from generate_series(1, 30) i"));
    const got = [];
    for (let part = await cursor.read(7); part.length > 0; part = await cursor.read(7)) {
      got.push(part.length);
    }
    seen.ok(got);
    await cursor.close();
    seen.ok(await value(client, "select 'goes on'"));
  });
});

check("rows-streamed", async (seen) => {
  await connected(async (client) => {
    let total = 0;
    for await (const row of client.query(new QueryStream("select i, repeat('s', 200) as s from generate_series(1, 20000) i", [], { batchSize: 500 }))) {
      total += row.i;
    }
    seen.ok(total);
  });
});

check("cursor-with-hold", async (seen) => {
  await connected(async (client) => {
    await client.query("begin");
    await client.query("declare suite_held_node cursor with hold for select generate_series(1, 30)");
    await client.query("commit");
    const got = [];
    for (let part = await rows(client, "fetch 8 from suite_held_node"); part.length > 0; part = await rows(client, "fetch 8 from suite_held_node")) {
      got.push(part.flat());
    }
    seen.ok(got, (await client.query("close suite_held_node")).command);
    await seen.fails(client.query("fetch 1 from suite_held_node"));
  });
});

// ---- large values -----------------------------------------------------------------------------------------------

check("large-values", async (seen) => {
  const pattern = createHash("sha256").update("node").digest();
  await connected(async (client) => {
    for (const megabytes of [1, 5]) {
      const content = Buffer.alloc(megabytes * MEGABYTE, pattern);
      const result = await client.query("select $1::bytea as content, md5($1::bytea) as md5", [content]);
      seen.ok(content.equals(result.rows[0].content), result.rows[0].md5);
      const text = content.toString("hex");
      seen.ok((await value(client, "select $1::text", [text])) === text);
    }
    seen.ok(await value(client, `select length('${"q".repeat(2 * MEGABYTE)}')`));
    const result = await client.query("select i, md5(i::text) as m from generate_series(1, 50000) i");
    seen.ok(result.rows.map((row) => row.m).join(""));
  });
});

check("large-query-text-prepared", async (seen) => {
  await connected(async (client) => {
    seen.ok(await value(client, `select length('${"q".repeat(2 * MEGABYTE)}') + $1::int`, [1]));
  });
});

// ---- transactions -----------------------------------------------------------------------------------------------

check("transactions", async (seen) => {
  await connected(async (client) => {
    const commands = [];
    const run = async (text, values) => commands.push((await client.query(text, values)).command);
    await run("truncate suite.words");
    await run("begin");
    await run("insert into suite.words (id, word) values ($1, 'kept')", [1]);
    await run("savepoint one");
    await seen.fails(client.query("insert into suite.words (id, word) values (1, 'twice')"));
    await seen.fails(client.query("select 1"));
    await run("rollback to savepoint one");
    await run("insert into suite.words (id, word) values ($1, 'kept')", [2]);
    await run("release savepoint one");
    await run("commit");
    await run("start transaction isolation level serializable");
    await run("delete from suite.words");
    await run("rollback");
    await run("begin");
    await seen.fails(client.query("select 1 / 0"));
    await run("commit");
    seen.ok(commands, await rows(client, "select id, word from suite.words order by id"));
  });
});

check("read-only-transactions", async (seen) => {
  await connected(async (client) => {
    await client.query("begin read only");
    await seen.fails(client.query("delete from suite.words"));
    await client.query("rollback");
    await client.query("set default_transaction_read_only = on");
    await seen.fails(client.query("delete from suite.words where id = $1", [5]));
    await client.query("begin read write; delete from suite.words; commit");
    await client.query("reset default_transaction_read_only");
    seen.ok(await rows(client, "select count(*) from suite.words"));
  });
});

check("deferred-constraint", async (seen) => {
  await connected(async (client) => {
    await client.query("truncate suite.deferred");
    await client.query("begin");
    await client.query("insert into suite.deferred values (1), (1)");
    await seen.fails(client.query("commit"));
    await seen.fails(client.query("insert into suite.deferred values ($1), ($1)", [2]));
    seen.ok(await rows(client, "select count(*) from suite.deferred"));
  });
});

// ---- settings ---------------------------------------------------------------------------------------------------

check("settings", async (seen) => {
  await connected(async (client, parameters) => {
    await client.query("set timezone = 'Asia/Tokyo'");
    await client.query("set search_path to suite, public");
    await client.query("select set_config('application_name', $1, false)", ["second name"]);
    await client.query("set datestyle to sql, dmy");
    seen.ok(parameters.TimeZone, parameters.application_name, parameters.DateStyle);
    for (const name of ["timezone", "search_path", "application_name", "datestyle"]) {
      seen.ok(name, await value(client, `show ${name}`));
    }
    seen.ok(await rows(client, "select '2024-05-06 07:08:09+00'::timestamptz::text, count(*) >= 0 from words"));
    await client.query("begin; set local work_mem = '7MB'; set timezone = 'Europe/Paris'");
    seen.ok(await value(client, "show work_mem"), parameters.TimeZone);
    await client.query("rollback");
    seen.ok((await value(client, "show work_mem")) === "7MB", parameters.TimeZone);
    await client.query("discard all");
    seen.ok(parameters.TimeZone, parameters.DateStyle, await value(client, "show search_path"));
    await seen.fails(client.query("set work_mem = 'much'"));
  });
});

check("temporary-tables", async (seen) => {
  await connected(async (client) => {
    await client.query("create temp table suite_temporary as select generate_series(1, 10) as a");
    seen.ok(await value(client, "select sum(a) from suite_temporary"), await value(client, "select count(*) from suite_temporary where a > $1", [5]));
  });
  await connected(async (client) => {
    await seen.fails(client.query("select * from suite_temporary"));
  });
});

// ---- types ------------------------------------------------------------------------------------------------------

const TYPED = [
  ["bool", true],
  ["int2", -32768],
  ["int4", 2147483647],
  ["int8", "-9223372036854775808"],
  ["float4", 1.5],
  ["float8", "-Infinity"],
  ["numeric", "-12345678901234567890.0123456789"],
  ["text", "snow \u2603 and 'quotes' \\ \u{1f600}"],
  ["varchar", ""],
  ["bytea", Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ["uuid", "12345678-1234-5678-1234-567812345678"],
  ["date", "1999-12-31"],
  ["timestamp", "2024-02-29 23:59:59.999999"],
  ["timestamptz", new Date(Date.UTC(2024, 1, 29, 12))],
  ["interval", "-3 days 04:00:00.000005"],
  ["json", { a: [1, 2, null] }],
  ["jsonb", { a: 1.5 }],
  ["int4[]", [1, null, -3]],
  ["text[]", ["a,b", 'c"d', "", null]],
  ["suite.mood", "so so"],
  ["int4", null],
  ["text", null],
];

check("types-in-both-formats", async (seen) => {
  // As they came, but for what is not UTF-8 in a binary value: the driver replaces that.
  const types = { getTypeParser: () => (raw) => (Buffer.isBuffer(raw) ? raw.toString("hex") : raw) };
  await connected(async (client) => {
    for (const [name, original] of TYPED) {
      const text = `select $1::${name} as v`;
      for (const binary of [false, true]) {
        const result = await client.query({ text, values: [original], binary, types });
        seen.ok(name, binary, result.rows[0].v, result.fields[0].format, result.fields[0].dataTypeModifier);
      }
    }
    const parsed = await client.query("select true as b, 1::int as i, 1.5::float8 as f, '{1,2}'::int[] as a, '\\x00ff'::bytea as x, '{\"a\": 1}'::jsonb as j");
    seen.ok(parsed.rows[0]);
  });
});

// ---- errors -----------------------------------------------------------------------------------------------------

check("errors", async (seen) => {
  await connected(async (client) => {
    await client.query("truncate suite.words; insert into suite.words (id, word) values (1, 'one')");
    for (const [text, values] of [
      ["selec 1"],
      ["select * from suite.nowhere"],
      ["select nothing from suite.words", []],
      ["insert into suite.words (id, word) values ($1, 'twice')", [1]],
      ["insert into suite.words (id, word) values ($1, 'x')", [null]],
      ["insert into suite.words (id, word, kind) values (3, 'x', $1)", [0]],
      ["insert into suite.children values ($1)", [5]],
      ["select 1 / $1::int", [0]],
      ["select $1::int", ["x"]],
      ["select $1", ["a", "b"]],
      ["select suite.complain()"],
    ]) {
      await seen.fails(client.query(text, values));
    }
    seen.ok(await value(client, "select 'goes on'"));
  });
});

// ---- several connections ----------------------------------------------------------------------------------------

check("concurrent-connections", async (seen) => {
  await connected((client) => client.query("truncate suite.words"));
  const pool = new pg.Pool({ max: 12, connectionTimeoutMillis: 20_000 });
  const results = await Promise.all(
    Array.from({ length: 30 }, async (_, number) => {
      const client = await pool.connect();
      try {
        await client.query(`set suite.number = ${number}`);
        for (let i = 0; i < 10; i++) {
          await client.query("begin");
          await client.query({ name: "insert", text: "insert into suite.words (id, word) values ($1, 'c')", values: [number * 100 + i] });
          const own = await client.query({ name: "own", text: "select current_setting('suite.number') as n" });
          await client.query("commit");
          if (own.rows[0].n !== String(number)) {
            return `client ${number} has the setting of ${own.rows[0].n}`;
          }
        }
        return number;
      } finally {
        client.release();
      }
    }),
  );
  await pool.end();
  seen.ok(results);
  await connected(async (client) => seen.ok(await rows(client, "select count(*), sum(id) from suite.words")));
});

// ---- the program ------------------------------------------------------------------------------------------------

for (const { name, body } of checks) {
  if (oneAtATime && name.startsWith("concurrent-")) {
    continue;
  }
  try {
    await body(new Seen(name));
  } catch (failure) {
    console.log(`broken ${name} ${failure.name} ${short(failure.message)}`);
    console.error(failure);
  }
}
console.log("end");
// Timers of the driver's queries may still run.
process.exit(0);
