# SPDX-License-Identifier: Apache-2.0
"""What an application sees through asyncpg, one line for each thing it looked at; the form of the lines is told in ../README.md."""

import asyncio
import hashlib
import io
import os
import traceback
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import asyncpg

CHECKS = []
LIMIT_SECONDS = 30
MEGABYTE = 1 << 20


def check(function):
    CHECKS.append((function.__name__.replace("_", "-"), function))
    return function


class Seen:
    """Prints what one check sees."""

    def __init__(self, name):
        self.name = name

    def ok(self, *values):
        print("ok", self.name, *[short(value) for value in values], flush=True)

    def error(self, error):
        fields = {name: value for name, value in sorted(error.as_dict().items()) if value is not None}
        sqlstate = fields.pop("sqlstate")
        message = fields.pop("message")
        if self.name != "errors":
            # Errors of the router's own have no place in PostgreSQL's source.
            fields = {name: value for name, value in fields.items() if not name.startswith("server_source")}
        print("error", self.name, sqlstate, message, *[f"{name}={value!r}" for name, value in fields.items()], flush=True)

    async def fails(self, action):
        """Awaits what must fail, and shows how."""
        try:
            await action
        except asyncpg.PostgresError as error:
            self.error(error)
        else:
            self.ok("no error")


def short(value):
    text = value if isinstance(value, str) else repr(value)
    content = value if isinstance(value, bytes) else text.encode()
    if len(content) > 400:
        return f"{len(content)}:{hashlib.sha256(content).hexdigest()[:16]}"
    return text.replace("\n", "\\n")


class connected:
    """A connection for one block."""

    def __init__(self, **options):
        self.options = options

    async def __aenter__(self):
        self.connection = await asyncpg.connect(timeout=20, command_timeout=LIMIT_SECONDS, **self.options)
        return self.connection

    async def __aexit__(self, *failure):
        await self.connection.close(timeout=10)


# ---- login ------------------------------------------------------------------------------------------------------


@check
async def login(seen):
    async with connected(server_settings={"application_name": "first name", "search_path": "suite", "work_mem": "3MB"}) as c:
        told = c.get_settings()
        for name in ("client_encoding", "TimeZone", "DateStyle", "IntervalStyle", "application_name", "server_version", "integer_datetimes"):
            seen.ok(name, getattr(told, name))
        seen.ok(c.get_server_version())
        for name in ("application_name", "search_path", "work_mem"):
            seen.ok(name, await c.fetchval(f"show {name}"))


@check
async def login_refused(seen):
    await seen.fails(asyncpg.connect(user="suite_no_such_user", password="x"))


# ---- prepared statements ----------------------------------------------------------------------------------------


@check
async def prepared_repeatedly(seen):
    async with connected() as c:
        seen.ok(sum([await c.fetchval("select $1::int + 1", i) for i in range(50)]))


@check
async def prepared_and_kept(seen):
    async with connected() as c:
        one = await c.prepare("select $1::int + 1 as plus, $2::text as word")
        two = await c.prepare("select * from suite.words where id = $1", name="suite_words_by_id")
        seen.ok([p.name for p in one.get_parameters()], [(a.name, a.type.name) for a in one.get_attributes()])
        seen.ok([p.name for p in two.get_parameters()], [(a.name, a.type.name) for a in two.get_attributes()])
        for i in range(4):
            seen.ok(tuple(await one.fetchrow(i, "w")), await two.fetch(i), one.get_statusmsg())
        async with c.transaction():
            seen.ok(await one.fetchval(10, None, column=1), await one.fetchval(10, None))
        seen.ok([tuple(row) for row in await one.fetchmany([(i, str(i)) for i in range(5)])])


@check
async def prepared_many(seen):
    async with connected(statement_cache_size=30) as c:
        for turn in range(2):
            total = 0
            for i in range(120):
                total += await c.fetchval(f"select $1::int + {i}", turn)
            seen.ok(turn, total)


@check
async def prepared_without_a_cache(seen):
    async with connected(statement_cache_size=0) as c:
        seen.ok([await c.fetchval("select $1::text || $2", "a", str(i)) for i in range(5)])


@check
async def prepared_again_after_deallocate_all(seen):
    async with connected() as c:
        seen.ok(await c.fetchval("select $1::int * 2", 4))
        seen.ok(await c.execute("deallocate all"))
        await seen.fails(c.fetchval("select $1::int * 2", 5))
        await c.reload_schema_state()
        seen.ok(await c.fetchval("select $1::int * 2", 6))


@check
async def prepared_after_the_table_changed(seen):
    async with connected() as c:
        await c.execute("drop table if exists suite.changing_a; create table suite.changing_a (a int); insert into suite.changing_a values (1)")
        seen.ok([tuple(row) for row in await c.fetch("select * from suite.changing_a")])
        await c.execute("alter table suite.changing_a add b text default 'new'")
        # Outside a transaction the driver prepares once more by itself.
        seen.ok([tuple(row) for row in await c.fetch("select * from suite.changing_a")])
        await c.execute("alter table suite.changing_a alter a type bigint")
        async with c.transaction():
            await seen.fails(c.fetch("select * from suite.changing_a"))


@check
async def prepared_by_sql(seen):
    async with connected() as c:
        seen.ok(await c.execute("prepare plus (int) as select $1 + 1"))
        seen.ok(await c.fetchval("execute plus (4)"))
        seen.ok(await c.execute("deallocate plus"))


# ---- batches ----------------------------------------------------------------------------------------------------


@check
async def batches(seen):
    async with connected() as c:
        await c.execute("truncate suite.words")
        await c.executemany("insert into suite.words (id, word) values ($1, $2)", [(i, f"batch {i}") for i in range(2000)])
        seen.ok(tuple(await c.fetchrow("select count(*), sum(id) from suite.words")))
        await seen.fails(c.executemany("insert into suite.words (id, word) values ($1, 'x')", [(5000,), (5001,), (7,), (5002,)]))
        seen.ok(await c.fetchval("select count(*) from suite.words where id >= 5000"))
        async with c.transaction():
            await c.executemany("delete from suite.words where id = $1", [(i,) for i in range(1000)])
        seen.ok(await c.fetchval("select count(*) from suite.words"))


@check
async def several_statements_in_one_query(seen):
    async with connected() as c:
        seen.ok(await c.execute("select 1; update suite.words set word = word where false; select 3"))
        await seen.fails(c.execute("create table suite.never (a int); select 1 / 0"))
        seen.ok(await c.fetchval("select to_regclass('suite.never')"))


# ---- copy -------------------------------------------------------------------------------------------------------


@check
async def copy_in_and_out(seen):
    async with connected() as c:
        await c.execute("truncate suite.words")
        text = "".join(f"{i}\ttext \u00e9 {i}\n" for i in range(20000)).encode()
        seen.ok(await c.copy_to_table("words", schema_name="suite", columns=["id", "word"], source=io.BytesIO(text)))
        out = io.BytesIO()
        seen.ok(await c.copy_from_query("select id, word from suite.words where id < $1 order by id", 15000, output=out))
        seen.ok(out.getvalue())
        await c.execute("truncate suite.words")
        records = [(i, None if i % 9 == 0 else "r" * (i % 50), 1) for i in range(10000)]
        seen.ok(await c.copy_records_to_table("words", schema_name="suite", records=records))
        for options in ({"format": "binary"}, {"format": "csv", "header": True, "null": "-"}):
            out = io.BytesIO()
            seen.ok(await c.copy_from_table("words", schema_name="suite", output=out, **options))
            seen.ok(out.getvalue())


@check
async def copy_of_several_megabytes(seen):
    async with connected() as c:
        await c.execute("truncate suite.words")

        async def blocks():
            for i in range(60):
                yield b"%d\t%s\n" % (i, b"z" * 150000)

        seen.ok(await c.copy_to_table("words", schema_name="suite", columns=["id", "word"], source=blocks()))
        seen.ok(await c.fetchval("select sum(length(word)) from suite.words"))
        sizes = []

        async def take(part):
            sizes.append(len(part))

        seen.ok(await c.copy_from_table("words", schema_name="suite", output=take), sum(sizes))


@check
async def copy_that_fails(seen):
    async with connected() as c:
        await c.execute("truncate suite.words")
        bad = io.BytesIO(b"1\tgood\tx\nbad\n")
        await seen.fails(c.copy_to_table("words", schema_name="suite", columns=["id", "word"], source=bad))

        async def breaks():
            yield b"1\tgood\n"
            raise KeyError("the application's own error")

        try:
            await c.copy_to_table("words", schema_name="suite", columns=["id", "word"], source=breaks())
        except KeyError as error:
            seen.ok(str(error))
        async with c.transaction():
            await seen.fails(c.copy_from_query("select 1 / (i - 5000) from generate_series(1, 10000) i", output=io.BytesIO()))
        seen.ok(await c.fetchval("select count(*) from suite.words"), c.is_in_transaction())


# ---- cancel -----------------------------------------------------------------------------------------------------


@check
async def cancel_by_timeout(seen):
    async with connected() as c:
        for _ in range(2):
            try:
                await c.fetchval("select pg_sleep(60)", timeout=0.4)
            except asyncio.TimeoutError:
                seen.ok("timed out")
            seen.ok(await c.fetchval("select 'goes on'"))


@check
async def cancel_of_the_task(seen):
    async with connected() as c:
        async with c.transaction():
            await c.execute("savepoint before")
            task = asyncio.ensure_future(c.execute("select pg_sleep(60)"))
            await asyncio.sleep(0.4)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                seen.ok("cancelled")
            await seen.fails(c.fetchval("select 1"))
            await c.execute("rollback to before")
            seen.ok(await c.fetchval("select 'goes on'"))
        seen.ok(await c.fetchval("select 'and after'"))


# ---- notifications ----------------------------------------------------------------------------------------------


@check
async def notifications_of_its_own(seen):
    async with connected() as c:
        got = asyncio.Queue()

        def heard(connection, pid, channel, payload):
            got.put_nowait((channel, payload))

        await c.add_listener("suite_async", heard)
        await c.execute("notify suite_async, 'first'")
        async with c.transaction():
            await c.execute("select pg_notify('suite_async', 'second')")
            await c.fetch("select pg_notify('suite_async', $1)", "third")
            seen.ok(got.qsize())
        seen.ok([await asyncio.wait_for(got.get(), LIMIT_SECONDS) for _ in range(3)])
        await c.remove_listener("suite_async", heard)
        await c.execute("notify suite_async, 'unheard'")
        seen.ok(await c.fetchval("select 1"), got.qsize())


@check
async def concurrent_notifications(seen):
    async with connected() as first, connected() as second, connected() as sender:
        got = asyncio.Queue()
        for listener in (first, second):
            await listener.add_listener("suite_async_many", lambda connection, pid, channel, payload: got.put_nowait(payload))
        for i in range(20):
            await sender.execute("select pg_notify('suite_async_many', $1)", str(i))
        seen.ok(sorted([int(await asyncio.wait_for(got.get(), LIMIT_SECONDS)) for _ in range(40)]))


@check
async def notices(seen):
    async with connected() as c:
        got = []
        c.add_log_listener(lambda connection, message: got.append((message.severity, message.sqlstate, message.message)))
        await c.execute("do $$ begin raise notice 'note %', 1; raise warning 'warning'; end $$")
        await c.execute("drop table if exists suite.not_there")
        await asyncio.sleep(0)
        seen.ok(got)


# ---- cursors ----------------------------------------------------------------------------------------------------


@check
async def cursors(seen):
    async with connected() as c:
        async with c.transaction():
            rows = [row[0] async for row in c.cursor("select i from generate_series(1, 500) i where i <> $1", 7, prefetch=30)]
            seen.ok(len(rows), sum(rows))
            cursor = await c.cursor("select generate_series(1, 100)")
            seen.ok([row[0] for row in await cursor.fetch(3)], await cursor.forward(10), (await cursor.fetchrow())[0])
            other = await c.cursor("select generate_series(1001, 1005)")
            seen.ok([row[0] for row in await other.fetch(10)], [row[0] for row in await cursor.fetch(2)])
            statement = await c.prepare("select repeat('c', 1000) || i from generate_series(1, $1::int) i")
            seen.ok(len([row async for row in statement.cursor(3000, prefetch=250)]))
        try:
            await c.cursor("select 1")
        except asyncpg.NoActiveSQLTransactionError as error:
            seen.ok(str(error))


@check
async def cursor_with_hold(seen):
    async with connected() as c:
        await c.execute("declare suite_held_async scroll cursor with hold for select generate_series(1, 30)")
        rows = []
        while True:
            part = await c.fetch("fetch 7 from suite_held_async")
            rows.append([row[0] for row in part])
            if not part:
                break
        seen.ok(rows)
        seen.ok([row[0] for row in await c.fetch("fetch backward 2 from suite_held_async")], await c.execute("close suite_held_async"))


# ---- large values -----------------------------------------------------------------------------------------------


@check
async def large_values(seen):
    pattern = hashlib.sha256(b"asyncpg").digest() * (MEGABYTE // 32)
    async with connected() as c:
        for megabytes in (1, 6):
            content = pattern * megabytes
            row = await c.fetchrow("select $1::bytea as a, md5($1::bytea) as b", content)
            seen.ok(row["a"] == content, row["b"] == hashlib.md5(content).hexdigest())
            text = content.hex()
            seen.ok(await c.fetchval("select $1::text", text) == text)
        rows = await c.fetch("select i, repeat(md5(i::text), 100) as m from generate_series(1, 3000) i")
        seen.ok("".join(row["m"] for row in rows))
        seen.ok(await c.execute("select '%s'" % ("q" * 2 * MEGABYTE)))


@check
async def large_query_text_prepared(seen):
    async with connected() as c:
        seen.ok(await c.fetchval("select length('%s')" % ("q" * 2 * MEGABYTE)))


# ---- transactions -----------------------------------------------------------------------------------------------


@check
async def transactions(seen):
    async with connected() as c:
        await c.execute("truncate suite.words")
        async with c.transaction():
            await c.execute("insert into suite.words (id, word) values (1, 'kept')")
            try:
                async with c.transaction():
                    await c.execute("insert into suite.words (id, word) values (2, 'lost')")
                    await c.execute("insert into suite.words (id, word) values (1, 'twice')")
            except asyncpg.UniqueViolationError as error:
                seen.error(error)
            async with c.transaction():
                await c.execute("insert into suite.words (id, word) values (3, 'kept')")
        rolled_back = c.transaction()
        await rolled_back.start()
        await c.execute("insert into suite.words (id, word) values (4, 'lost')")
        await rolled_back.rollback()
        seen.ok([tuple(row) for row in await c.fetch("select id, word from suite.words order by id")])


@check
async def transaction_characteristics(seen):
    async with connected() as c:
        async with c.transaction(isolation="serializable", readonly=True, deferrable=True):
            seen.ok([await c.fetchval(f"show transaction_{name}") for name in ("isolation", "read_only", "deferrable")])
        for isolation in ("read_committed", "repeatable_read"):
            try:
                async with c.transaction(isolation=isolation, readonly=True):
                    await c.execute("delete from suite.words")
            except asyncpg.ReadOnlySQLTransactionError as error:
                seen.error(error)
        transaction = c.transaction()
        await transaction.start()
        await seen.fails(c.fetchval("select 1 / $1::int", 0))
        await seen.fails(c.fetchval("select 2"))
        await transaction.rollback()
        seen.ok(await c.fetchval("select 3"), c.is_in_transaction())


# ---- settings ---------------------------------------------------------------------------------------------------


@check
async def settings(seen):
    async with connected() as c:
        await c.execute("set timezone = 'Asia/Tokyo'")
        await c.execute("set search_path = suite")
        await c.execute("select set_config('application_name', 'second name', false)")
        told = c.get_settings()
        seen.ok(told.TimeZone, told.application_name)
        for name in ("timezone", "search_path", "application_name"):
            seen.ok(name, await c.fetchval(f"show {name}"))
        seen.ok(await c.fetchval("select $1::timestamptz::text", datetime(2024, 1, 1, tzinfo=timezone.utc)))
        async with c.transaction():
            await c.execute("set local work_mem = '7MB'")
            seen.ok(await c.fetchval("show work_mem"))
        await c.execute("reset all")
        seen.ok(c.get_settings().TimeZone, await c.fetchval("show search_path"))
        await seen.fails(c.execute("set timezone = 'Nowhere/Else'"))


@check
async def reset_as_a_pool_does(seen):
    async with connected() as c:
        await c.execute("set work_mem = '9MB'; create temporary table suite_temporary (a int); select pg_advisory_lock(5)")
        await c.execute("declare suite_held cursor with hold for select 1")
        before = await c.fetchval("show work_mem")
        await c.reset()
        seen.ok(before, await c.fetchval("show work_mem") == before, await c.fetchval("select count(*) from pg_cursors"))


@check
async def pool_of_the_driver(seen):
    size = 1 if one_at_a_time() else 3
    async with asyncpg.create_pool(min_size=1, max_size=size, command_timeout=LIMIT_SECONDS) as pool:

        async def work(i):
            async with pool.acquire() as c:
                await c.execute(f"set suite.number = {i}")
                async with c.transaction():
                    return await c.fetchval("select current_setting('suite.number')::int + $1::int", i)

        seen.ok(sorted(await asyncio.gather(*[work(i) for i in range(30)])))


# ---- types ------------------------------------------------------------------------------------------------------

TYPED = [
    ("bool", True),
    ("int2", -32768),
    ("int4", 2147483647),
    ("int8", -9223372036854775808),
    ("float4", 1.5),
    ("float8", float("-inf")),
    ("numeric", Decimal("-12345678901234567890.0123456789")),
    ("numeric", Decimal("NaN")),
    ("text", "snow \u2603 and 'quotes' \\ \U0001f600"),
    ("varchar", ""),
    ("bytea", bytes(range(256))),
    ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("date", date(1999, 12, 31)),
    ("time", datetime(2024, 2, 29, 23, 59, 59, 999999).time()),
    ("timestamp", datetime(2024, 2, 29, 23, 59, 59, 999999)),
    ("timestamptz", datetime(2024, 2, 29, 12, 0, tzinfo=timezone.utc)),
    ("interval", timedelta(days=-3, hours=4, microseconds=5)),
    ("json", '{"a": [1, 2, null]}'),
    ("jsonb", '{"a": 1.5}'),
    ("int4[]", [1, None, -3]),
    ("text[]", [["a,b", 'c"d'], ["", None]]),
    ("suite.mood", "so so"),
    ("suite.mood[]", ["sad", "glad"]),
    ("int4range", asyncpg.Range(1, 5)),
    ("point", asyncpg.Point(1.5, -2)),
    ("inet", __import__("ipaddress").ip_interface("10.1.2.0/24")),
    ("int4", None),
    ("text", None),
]


@check
async def types(seen):
    async with connected() as c:
        for name, original in TYPED:
            seen.ok(name, await c.fetchval(f"select $1::{name}", original), await c.fetchval(f"select $1::{name}::text", original))
        seen.ok(tuple(await c.fetchval("select row(1, 'a', null::int, array[1, 2])")))


@check
async def types_that_the_driver_asks_the_server_for(seen):
    async with connected() as c:
        await c.set_type_codec("json", encoder=str, decoder=lambda text: "decoded " + text, schema="pg_catalog")
        seen.ok(await c.fetchval("""select '{"a": 1}'::json"""))
        await c.execute("drop type if exists suite.pair; create type suite.pair as (a int, b suite.mood[])")
        seen.ok(tuple(await c.fetchval("select row(5, array['sad'])::suite.pair")))
        seen.ok(await c.fetchval("select ($1::suite.pair).b", (6, ["glad", None])))


# ---- errors -----------------------------------------------------------------------------------------------------


@check
async def errors(seen):
    async with connected() as c:
        await c.execute("truncate suite.words; insert into suite.words (id, word) values (1, 'one')")
        for query, parameters in (
            ("selec 1", ()),
            ("select * from suite.nowhere", ()),
            ("select nothing from suite.words", ()),
            ("insert into suite.words (id, word) values ($1, 'twice')", (1,)),
            ("insert into suite.words (id, word) values ($1, 'x')", (None,)),
            ("insert into suite.words (id, word, kind) values (3, 'x', $1)", (0,)),
            ("insert into suite.children values ($1)", (5,)),
            ("select 1 / $1::int", (0,)),
            ("select $1::text::int", ("x",)),
            ("select suite.complain()", ()),
        ):
            for _ in range(2):
                await seen.fails(c.fetch(query, *parameters))
        try:
            await c.fetchval("select $1::int", "not an int")
        except asyncpg.DataError as error:
            seen.ok(type(error).__name__)
        seen.ok(await c.fetchval("select 'goes on'"))


# ---- several connections ----------------------------------------------------------------------------------------


@check
async def concurrent_connections(seen):
    async with connected() as c:
        await c.execute("truncate suite.words")

    async def work(number):
        async with connected(server_settings={"application_name": f"client {number}"}) as c:
            await c.execute(f"set suite.number = {number}")
            for i in range(25):
                async with c.transaction():
                    await c.execute("insert into suite.words (id, word) values ($1, 'c')", number * 1000 + i)
                    assert await c.fetchval("select current_setting('suite.number')") == str(number)
                assert await c.fetchval("show application_name") == f"client {number}"
            return number

    seen.ok(await asyncio.gather(*[work(number) for number in range(15)]))
    async with connected() as c:
        seen.ok(tuple(await c.fetchrow("select count(*), sum(id) from suite.words")))


# ---- the program ------------------------------------------------------------------------------------------------


def one_at_a_time():
    return os.environ.get("SUITE_ONE_AT_A_TIME") == "1"


async def main():
    for name, function in CHECKS:
        if one_at_a_time() and name.startswith("concurrent-"):
            continue
        try:
            await function(Seen(name))
        except Exception as failure:
            print("broken", name, type(failure).__name__, short(str(failure)), flush=True)
            traceback.print_exc()
    print("end", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
