# SPDX-License-Identifier: Apache-2.0
"""What an application sees through psycopg 3, one line for each thing it looked at; the form of the lines is told in ../README.md."""

import hashlib
import os
import sys
import threading
import time
import traceback
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import psycopg
from psycopg import pq, sql
from psycopg.rows import dict_row
from psycopg.types.json import Json, Jsonb

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
        fields = error.diag
        shown = [error.sqlstate, fields.severity_nonlocalized, fields.message_primary]
        for field in (
            "message_detail",
            "message_hint",
            "statement_position",
            "internal_position",
            "internal_query",
            "context",
            "schema_name",
            "table_name",
            "column_name",
            "datatype_name",
            "constraint_name",
            "source_file",
            "source_line",
            "source_function",
        ):
            value = getattr(fields, field)
            # Errors of the router's own have no place in PostgreSQL's source.
            if value is not None and (self.name == "errors" or not field.startswith("source")):
                shown.append(f"{field}={value!r}")
        print("error", self.name, *shown, flush=True)

    def fails(self, action):
        """Runs what must fail, and shows how."""
        try:
            action()
        except psycopg.Error as error:
            self.error(error)
        else:
            self.ok("no error")


def short(value):
    text = value if isinstance(value, str) else repr(value)
    content = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else text.encode()
    if len(content) > 400:
        return f"{len(content)}:{hashlib.sha256(content).hexdigest()[:16]}"
    return text.replace("\n", "\\n")


def connect(**options):
    return psycopg.connect(**{"autocommit": True, "connect_timeout": 20, **options})


def value(connection, query, parameters=None, **options):
    return connection.execute(query, parameters, **options).fetchone()[0]


def await_true(condition):
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what is waited for does not come")
        time.sleep(0.01)


def executing(marker):
    """Returns whether a statement with the marker runs somewhere."""
    with connect() as other:
        count = value(
            other,
            "select count(*) from pg_stat_activity where state = 'active' and query like %s and pid <> pg_backend_pid()",
            [f"%{marker}%"],
        )
    return count > 0


# ---- login ------------------------------------------------------------------------------------------------------


@check
def login_parameters(seen):
    with connect(application_name="first name") as connection:
        info = connection.info
        for name in (
            "server_encoding",
            "client_encoding",
            "application_name",
            "is_superuser",
            "session_authorization",
            "DateStyle",
            "IntervalStyle",
            "TimeZone",
            "integer_datetimes",
            "standard_conforming_strings",
            "default_transaction_read_only",
            "in_hot_standby",
            "server_version",
            "search_path",
        ):
            seen.ok(name, info.parameter_status(name))
        seen.ok(info.transaction_status.name, info.server_version)


@check
def login_options(seen):
    with connect(options="-c search_path=suite -c statement_timeout=54321 -c work_mem=3MB") as connection:
        for name in ("search_path", "statement_timeout", "work_mem"):
            seen.ok(name, value(connection, f"show {name}"))
        connection.execute("set work_mem = '5MB'")
        connection.execute("reset work_mem")
        seen.ok("reset", value(connection, "show work_mem"))


@check
def login_with_the_newest_protocol(seen):
    with connect(max_protocol_version="latest") as connection:
        seen.ok(value(connection, "select 'reached'"))


@check
def login_to_an_unknown_database(seen):
    try:
        connect(dbname="suite_has_no_such_database")
    except psycopg.OperationalError as error:
        seen.ok("refused", "does not exist" in str(error))


@check
def login_with_a_wrong_password(seen):
    try:
        connect(password="not it")
    except psycopg.OperationalError as error:
        seen.ok("refused", "password authentication failed" in str(error))


@check
def backend_pid_is_the_one_the_server_names(seen):
    with connect() as connection:
        seen.ok(value(connection, "select pg_backend_pid()") == connection.info.backend_pid)


# ---- prepared statements ----------------------------------------------------------------------------------------


@check
def prepared_repeatedly(seen):
    with connect() as connection:
        total = 0
        for i in range(50):
            total += value(connection, "select %s::int + 1", [i])
        seen.ok(total)


@check
def prepared_at_once(seen):
    with connect() as connection:
        for i in range(3):
            seen.ok(value(connection, "select %s::text || '!'", [f"word {i}"], prepare=True))


@check
def prepared_many(seen):
    with connect() as connection:
        connection.prepared_max = 40
        for turn in range(2):
            total = 0
            for i in range(120):
                total += value(connection, f"select %s::int + {i}", [turn], prepare=True)
            seen.ok(turn, total)


@check
def prepared_in_transactions(seen):
    with connect() as connection:
        for i in range(8):
            with connection.transaction(force_rollback=i % 3 == 0):
                connection.execute("insert into suite.words (id, word) values (%s, %s)", [100 + i, f"w{i}"], prepare=True)
        seen.ok(value(connection, "select array_agg(id order by id) from suite.words where id >= 100", prepare=True))
        seen.ok(connection.execute("delete from suite.words where id >= %s", [100]).statusmessage)


@check
def prepared_again_after_deallocate_all(seen):
    with connect() as connection:
        for turn in range(3):
            seen.ok(value(connection, "select %s::int * 2", [turn], prepare=True))
            seen.ok(connection.execute("deallocate all").statusmessage)

@check
def prepared_statements_are_listed(seen):
    with connect() as connection:
        for i in range(2):
            connection.execute(f"select %s::int + {i}", [i], prepare=True)
        seen.ok(value(connection, "select array_agg(name order by name) from pg_prepared_statements", prepare=False))


@check
def prepared_after_the_table_changed(seen):
    with connect() as connection:
        connection.execute("drop table if exists suite.changing; create table suite.changing (a int); insert into suite.changing values (1)")
        query = "select * from suite.changing"
        seen.ok(connection.execute(query, prepare=True).fetchall())
        seen.ok(connection.execute(query, prepare=True).fetchall())
        # The driver gives up its statements after an ALTER, and prepares the next one anew.
        connection.execute("alter table suite.changing add b text default 'new'")
        seen.ok(connection.execute(query, prepare=True).fetchall())
        seen.ok(connection.execute(query, prepare=True).fetchall())


@check
def prepared_before_the_table_changed(seen):
    with connect() as connection:
        connection.execute("drop table if exists suite.changing_too; create table suite.changing_too (a int); insert into suite.changing_too values (1)")
        query = "select * from suite.changing_too"
        seen.ok(connection.execute(query, prepare=True).fetchall())
        # Past the driver, which would prepare anew.
        connection.pgconn.exec_(b"alter table suite.changing_too add b text default 'new'")
        seen.fails(lambda: connection.execute(query, prepare=True).fetchall())
        connection.execute("deallocate all")
        seen.ok(connection.execute(query, prepare=True).fetchall())


@check
def prepared_by_the_library_under_names(seen):
    with connect() as connection:
        raw = connection.pgconn
        for name in (b"one", b"two", b"\xc3\xa9 \"quoted\""):
            seen.ok(raw.prepare(name, b"select $1::int + 1").status)
        described = raw.describe_prepared(b"two")
        seen.ok(described.nparams, described.param_type(0), described.nfields, described.fname(0), described.ftype(0))
        seen.ok(raw.exec_prepared(b"one", [b"41"]).get_value(0, 0))
        seen.ok(raw.exec_prepared(b"two", [b"\0\0\0\x07"], [1], 1).get_value(0, 0))
        seen.ok(raw.exec_prepared(b"\xc3\xa9 \"quoted\"", [b"1"]).get_value(0, 0))
        again = raw.prepare(b"one", b"select 2")
        seen.ok(again.error_field(pq.DiagnosticField.SQLSTATE), again.error_field(pq.DiagnosticField.MESSAGE_PRIMARY))
        seen.ok(raw.exec_(b"deallocate one").command_status)
        missing = raw.exec_prepared(b"one", [b"41"])
        seen.ok(missing.error_field(pq.DiagnosticField.SQLSTATE), missing.error_field(pq.DiagnosticField.MESSAGE_PRIMARY))
        seen.ok(raw.prepare(b"one", b"select 'again'").status, raw.exec_prepared(b"one", []).get_value(0, 0))
        seen.ok(raw.close_prepared(b"two").status)
        missing = raw.describe_prepared(b"two")
        seen.ok(missing.error_field(pq.DiagnosticField.SQLSTATE))


@check
def prepared_by_sql(seen):
    with connect() as connection:
        connection.execute("prepare plus (int) as select $1 + 1")
        seen.ok(value(connection, "execute plus (4)"))
        connection.execute("begin")
        seen.ok(value(connection, "execute plus (5)"))
        connection.execute("commit")
        seen.ok(connection.execute("deallocate plus").statusmessage)
        seen.fails(lambda: connection.execute("execute plus (6)"))


# ---- pipelines and batches --------------------------------------------------------------------------------------


@check
def pipeline(seen):
    with connect() as connection:
        with connection.pipeline():
            cursors = [connection.execute("select %s::int, repeat('x', %s)", [i, i * 10]) for i in range(60)]
        seen.ok([cursor.fetchone()[0] for cursor in cursors])
        seen.ok(connection.info.transaction_status.name)


@check
def pipeline_with_an_error(seen):
    with connect() as connection:
        connection.execute("truncate suite.words")

        def run():
            with connection.pipeline() as pipeline:
                connection.execute("insert into suite.words (id, word) values (1, 'before')")
                pipeline.sync()
                connection.execute("insert into suite.words (id, word) values (2, 'lost')")
                connection.execute("select 1 / 0")
                connection.execute("insert into suite.words (id, word) values (3, 'never')")
                pipeline.sync()
                connection.execute("insert into suite.words (id, word) values (4, 'after')")

        seen.fails(run)
        seen.ok(connection.info.transaction_status.name)
        seen.ok(connection.execute("select id from suite.words order by id").fetchall())


@check
def pipeline_in_a_transaction(seen):
    with connect() as connection:
        connection.execute("truncate suite.words")
        with connection.pipeline(), connection.transaction():
            for i in range(20):
                connection.execute("insert into suite.words (id, word) values (%s, 'p')", [i], prepare=True)
        seen.ok(value(connection, "select sum(id) from suite.words"))

        def run():
            with connection.pipeline(), connection.transaction():
                connection.execute("insert into suite.words (id, word) values (50, 'p')")
                connection.execute("insert into suite.words (id, word) values (1, 'twice')")

        seen.fails(run)
        seen.ok(value(connection, "select count(*) from suite.words"), connection.info.transaction_status.name)


@check
def pipeline_of_large_answers(seen):
    with connect() as connection:
        with connection.pipeline():
            cursors = [connection.execute("select repeat(%s, 200000)", [chr(97 + i)]) for i in range(20)]
        seen.ok("".join(cursor.fetchone()[0][:2] for cursor in cursors))


@check
def many_executions_of_one_statement(seen):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("truncate suite.words")
        cursor.executemany(
            "insert into suite.words (id, word) values (%s, %s) returning id",
            [(i, f"many {i}") for i in range(300)],
            returning=True,
        )
        ids = []
        while True:
            ids.append(cursor.fetchone()[0])
            if not cursor.nextset():
                break
        seen.ok(sum(ids), len(ids), value(connection, "select count(*) from suite.words"))


@check
def several_statements_in_one_query(seen):
    with connect() as connection:
        cursor = connection.execute("select 1; select 'two'; update suite.words set word = word where false; select 3")
        while True:
            seen.ok(cursor.statusmessage, cursor.fetchall() if cursor.description else None)
            if not cursor.nextset():
                break
        seen.fails(lambda: connection.execute("create table suite.never (a int); select 1 / 0"))
        seen.ok(value(connection, "select to_regclass('suite.never')"))


@check
def empty_query(seen):
    with connect() as connection:
        seen.ok(connection.execute("").statusmessage, connection.execute(" ; ").statusmessage)
        seen.ok(connection.execute("", prepare=True).statusmessage, value(connection, "select 1"))


# ---- copy -------------------------------------------------------------------------------------------------------


@check
def copy_in_and_out_as_text(seen):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("truncate suite.words")
        with cursor.copy("copy suite.words (id, word) from stdin") as copy:
            for i in range(20000):
                copy.write_row((i, None if i % 7 == 0 else f"tab\t and \\ {i} \u00e9\u4e16"))
        seen.ok(cursor.statusmessage)
        with cursor.copy("copy (select id, word from suite.words order by id) to stdout") as copy:
            seen.ok(b"".join(bytes(part) for part in copy))
        seen.ok(cursor.statusmessage)
        with cursor.copy("copy (select id, word from suite.words order by id limit 3) to stdout (format csv, header)") as copy:
            seen.ok(b"".join(bytes(part) for part in copy))


@check
def copy_in_and_out_as_binary(seen):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("truncate suite.words")
        with cursor.copy("copy suite.words (id, word) from stdin (format binary)") as copy:
            copy.set_types(["int4", "text"])
            for i in range(5000):
                copy.write_row((i, f"binary {i}"))
        seen.ok(cursor.statusmessage)
        with cursor.copy("copy (select id, word from suite.words order by id) to stdout (format binary)") as copy:
            seen.ok(b"".join(bytes(part) for part in copy))
        with cursor.copy("copy (select id, word from suite.words order by id limit 2) to stdout (format binary)") as copy:
            copy.set_types(["int4", "text"])
            seen.ok(list(copy.rows()))


@check
def copy_in_of_several_megabytes(seen):
    blocks = [b"".join(b"%d\t%s\n" % (i, b"y" * 1000) for i in range(k * 1000, k * 1000 + 1000)) for k in range(8)]
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("truncate suite.words")
        with cursor.copy("copy suite.words (id, word) from stdin") as copy:
            for block in blocks:
                copy.write(block)
        seen.ok(cursor.statusmessage, value(connection, "select sum(length(word)) from suite.words"))
        with cursor.copy("copy suite.words to stdout") as copy:
            seen.ok(sum(len(part) for part in copy))


@check
def copy_that_fails(seen):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("truncate suite.words")

        def run():
            with cursor.copy("copy suite.words (id, word) from stdin") as copy:
                copy.write("1\tgood\nnot a number\tbad\n")

        seen.fails(run)
        seen.fails(lambda: cursor.execute("copy suite.nowhere from stdin"))
        seen.ok(value(connection, "select count(*) from suite.words"), connection.info.transaction_status.name)


@check
def copy_given_up_by_the_client(seen):
    with connect() as connection, connection.cursor() as cursor:
        try:
            with cursor.copy("copy suite.words (id, word) from stdin") as copy:
                copy.write("1\tgood\n")
                raise KeyError("the application's own error")
        except KeyError as error:
            seen.ok(str(error))
        seen.ok(value(connection, "select count(*) from suite.words"), connection.info.transaction_status.name)


@check
def copy_in_a_transaction(seen):
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("truncate suite.words")
        with connection.transaction(force_rollback=True):
            with cursor.copy("copy suite.words (id, word) from stdin") as copy:
                copy.write("1\tone\n2\ttwo\n")
            seen.ok(value(connection, "select count(*) from suite.words"))
        seen.ok(value(connection, "select count(*) from suite.words"))


# ---- cancel -----------------------------------------------------------------------------------------------------


@check
def cancel(seen):
    with connect() as connection:
        for turn in range(2):
            marker = f"psycopg cancel {turn}"
            canceller = threading.Thread(target=cancel_when_running, args=[connection, marker])
            canceller.start()
            seen.fails(lambda: connection.execute(sql.SQL("select pg_sleep(60) -- {}").format(sql.SQL(marker))))
            canceller.join()
            seen.ok(value(connection, "select 'goes on'"))


@check
def cancel_in_a_transaction(seen):
    with connect() as connection:
        connection.execute("begin")
        connection.execute("savepoint before")
        canceller = threading.Thread(target=cancel_when_running, args=[connection, "psycopg cancel inside"])
        canceller.start()
        seen.fails(lambda: connection.execute("select pg_sleep(60) -- psycopg cancel inside"))
        canceller.join()
        seen.ok(connection.info.transaction_status.name)
        connection.execute("rollback to before")
        seen.ok(value(connection, "select 'goes on'"))
        connection.execute("commit")


@check
def cancel_when_nothing_runs(seen):
    with connect() as connection:
        seen.ok(value(connection, "select 1"))
        connection.cancel_safe(timeout=20)
        seen.ok(value(connection, "select pg_sleep(0.05)::text || 'two'"), value(connection, "select 3"))


def cancel_when_running(connection, marker):
    # Looks at its own connection's state through another one only where there is room for both, else waits for the query to be sent.
    if one_at_a_time():
        time.sleep(0.5)
    else:
        await_true(lambda: executing(marker))
    connection.cancel_safe(timeout=20)


@check
def cancel_does_not_reach_the_next_query(seen):
    with connect() as connection:
        seen.ok(wrongly_cancelled(connection.pgconn))


@check
def cancel_does_not_reach_the_next_query_of_the_transaction(seen):
    with connect() as connection:
        connection.execute("begin")
        seen.ok(wrongly_cancelled(connection.pgconn))
        connection.execute("rollback")


def wrongly_cancelled(raw):
    """Counts queries hit by a cancel request for the one before.

    PostgreSQL closes the connection of a cancel request after the signal; a client that waits for this is safe from then on.
    """
    count = 0
    for i in range(150):
        raw.exec_(b"savepoint before")
        raw.send_query(b"select pg_sleep(%f)" % (0.0005 * (i % 8)))
        raw.flush()
        request = raw.cancel_conn()
        request.start()
        while request.poll() not in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
            pass
        request.finish()
        while raw.get_result():
            pass
        raw.exec_(b"rollback to before")
        count += raw.exec_(b"select pg_sleep(0.003)").status != pq.ExecStatus.TUPLES_OK
        raw.exec_(b"rollback to before")
    return count


@check
def statement_timeout(seen):
    with connect() as connection:
        connection.execute("set statement_timeout = '30ms'")
        seen.fails(lambda: connection.execute("select pg_sleep(30)"))
        connection.execute("reset statement_timeout")
        seen.ok(value(connection, "select pg_sleep(0.05)::text || 'slept'"))


# ---- notifications ----------------------------------------------------------------------------------------------


@check
def notifications_of_its_own(seen):
    with connect() as connection:
        connection.execute("listen suite_own")
        connection.execute("notify suite_own, 'first'")
        connection.execute("begin; notify suite_own, 'second'")
        connection.execute("select pg_notify('suite_own', 'third')")
        connection.execute("commit; notify suite_own")
        got = [(notice.channel, notice.payload) for notice in connection.notifies(timeout=LIMIT_SECONDS, stop_after=4)]
        seen.ok(got)
        connection.execute("unlisten *")
        connection.execute("notify suite_own, 'unheard'")
        seen.ok(list(connection.notifies(timeout=0.2)))


@check
def notification_names_the_notifying_backend(seen):
    with connect() as connection:
        connection.execute("listen suite_pid")
        connection.execute("notify suite_pid")
        (notice,) = connection.notifies(timeout=LIMIT_SECONDS, stop_after=1)
        seen.ok(notice.pid == value(connection, "select pg_backend_pid()"), notice.pid == connection.info.backend_pid)


@check
def concurrent_notifications(seen):
    with connect() as first, connect() as second, connect() as sender:
        first.execute("listen suite_many")
        second.execute("listen suite_many")
        for i in range(5):
            sender.execute("select pg_notify('suite_many', %s)", [f"payload {i}"])
        for listener in (first, second):
            seen.ok([notice.payload for notice in listener.notifies(timeout=LIMIT_SECONDS, stop_after=5)])


@check
def notices(seen):
    with connect() as connection:
        got = []
        connection.add_notice_handler(
            lambda diagnostic: got.append((diagnostic.severity, diagnostic.sqlstate, diagnostic.message_primary))
        )
        connection.execute("do $$ begin raise notice 'note %', 1; raise warning 'warning'; raise info 'info'; end $$")
        connection.execute("drop table if exists suite.not_there")
        connection.execute("set client_min_messages = error")
        connection.execute("drop table if exists suite.not_there")
        seen.ok(got)


# ---- cursors ----------------------------------------------------------------------------------------------------


@check
def cursor_on_the_server(seen):
    with connect(autocommit=False) as connection:
        for binary in (False, True):
            with connection.cursor("suite_cursor", binary=binary) as cursor:
                cursor.itersize = 17
                cursor.execute("select i, 'row ' || i from generate_series(1, 100) i where i <> %s", [50])
                rows = cursor.fetchmany(5) + cursor.fetchall()
                seen.ok(rows)
        connection.commit()


@check
def cursor_that_scrolls(seen):
    with connect(autocommit=False) as connection:
        with connection.cursor("suite_cursor", scrollable=True) as cursor:
            cursor.execute("select generate_series(1, 20)")
            seen.ok(cursor.fetchone())
            cursor.scroll(9)
            seen.ok(cursor.fetchone())
            cursor.scroll(-3)
            seen.ok(cursor.fetchone())
            cursor.scroll(0, mode="absolute")
            seen.ok(cursor.fetchmany(2))
            seen.fails(lambda: connection.execute("fetch 1 from suite_other"))
        connection.rollback()


@check
def cursor_with_hold(seen):
    with connect() as connection:
        with connection.cursor("suite_held", withhold=True) as cursor:
            cursor.itersize = 10
            cursor.execute("select generate_series(1, 45)")
            rows = []
            for row in cursor:
                rows.append(row[0])
                if len(rows) % 10 == 0:
                    connection.execute("select 'between'")
            seen.ok(sum(rows), len(rows))
        seen.ok(value(connection, "select count(*) from pg_cursors"))


@check
def cursor_ends_with_its_transaction(seen):
    with connect() as connection:
        connection.execute("begin")
        connection.execute("declare suite_short cursor for select 1")
        connection.execute("commit")
        seen.fails(lambda: connection.execute("fetch 1 from suite_short"))


@check
def rows_streamed_one_by_one(seen):
    with connect() as connection, connection.cursor() as cursor:
        count, total = 0, 0
        for row in cursor.stream("select i, repeat('s', 100) from generate_series(1, 20000) i"):
            count, total = count + 1, total + row[0]
        seen.ok(count, total)
        for row in cursor.stream("select generate_series(1, 100000)", size=100):
            if row[0] == 250:
                break
        seen.ok(value(connection, "select 'goes on'"))


# ---- large values -----------------------------------------------------------------------------------------------


@check
def large_parameters_and_results(seen):
    pattern = hashlib.sha256(b"psycopg").digest() * (MEGABYTE // 32)
    with connect() as connection:
        for megabytes in (1, 5):
            content = pattern * megabytes
            for binary in (False, True):
                row = connection.execute("select %b::bytea, md5(%b::bytea)", [content, content], binary=binary).fetchone()
                seen.ok(megabytes, bytes(row[0]) == content, row[1] == hashlib.md5(content).hexdigest())
        connection.execute("delete from suite.large")
        connection.execute("insert into suite.large values (1, %s)", [pattern * 4])
        seen.ok(value(connection, "select md5(content) from suite.large"))
        seen.ok(value(connection, "select content from suite.large", binary=True))


@check
def large_query_text(seen):
    with connect() as connection:
        text = "z" * (3 * MEGABYTE)
        seen.ok(value(connection, f"select length('{text}')"))


@check
def large_query_text_prepared(seen):
    with connect() as connection:
        text = "z" * (3 * MEGABYTE)
        seen.ok(value(connection, f"select md5('{text}')", prepare=True))


@check
def large_result_of_many_rows(seen):
    with connect() as connection:
        rows = connection.execute("select i, md5(i::text) from generate_series(1, 60000) i").fetchall()
        seen.ok(len(rows), "".join(row[1] for row in rows))


@check
def wide_rows(seen):
    with connect() as connection:
        columns = ", ".join(f"{i} as c{i}" for i in range(1600))
        row = connection.execute(f"select {columns}").fetchone()
        seen.ok(len(row), sum(row))
        seen.ok(value(connection, "select " + " + ".join(["%s::int"] * 3000), list(range(3000))))


# ---- transactions -----------------------------------------------------------------------------------------------


@check
def transactions(seen):
    with connect(autocommit=False) as connection:
        connection.execute("truncate suite.words")
        connection.execute("insert into suite.words (id, word) values (1, 'kept')")
        seen.ok(connection.info.transaction_status.name)
        connection.commit()
        connection.execute("insert into suite.words (id, word) values (2, 'lost')")
        connection.rollback()
        seen.ok(connection.execute("select id, word from suite.words").fetchall())
        connection.rollback()
        seen.ok(connection.info.transaction_status.name)


@check
def savepoints(seen):
    with connect() as connection:
        connection.execute("truncate suite.words")
        with connection.transaction():
            connection.execute("insert into suite.words (id, word) values (1, 'outer')")
            try:
                with connection.transaction("inner"):
                    connection.execute("insert into suite.words (id, word) values (2, 'inner')")
                    connection.execute("insert into suite.words (id, word) values (1, 'twice')")
            except psycopg.errors.UniqueViolation as error:
                seen.error(error)
            with connection.transaction():
                connection.execute("insert into suite.words (id, word) values (3, 'inner two')")
        seen.ok(connection.execute("select id from suite.words order by id").fetchall())


@check
def transaction_that_failed(seen):
    with connect(autocommit=False) as connection:
        seen.fails(lambda: connection.execute("select 1 / 0"))
        seen.ok(connection.info.transaction_status.name)
        seen.fails(lambda: connection.execute("select 1"))
        connection.commit()
        seen.ok(connection.info.transaction_status.name, value(connection, "select 1"))
        connection.rollback()
        connection.autocommit = True
        connection.execute("begin")
        seen.fails(lambda: connection.execute("select nothing"))
        seen.ok(connection.execute("commit").statusmessage)


@check
def transaction_characteristics(seen):
    with connect() as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.autocommit = False
        seen.ok(value(connection, "show transaction_read_only"), value(connection, "show transaction_isolation"))
        seen.fails(lambda: connection.execute("insert into suite.words (id, word) values (9, 'never')"))
        connection.rollback()
        connection.read_only = None
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.deferrable = True
        seen.ok(value(connection, "show transaction_read_only"), value(connection, "show transaction_deferrable"))
        connection.commit()
        connection.autocommit = True
        connection.execute("set session characteristics as transaction read only")
        seen.fails(lambda: connection.execute("insert into suite.words (id, word) values (9, 'never')"))
        connection.execute("set default_transaction_read_only = off")
        seen.ok(value(connection, "show transaction_read_only"))


@check
def two_phase_commit(seen):
    with connect(autocommit=False) as connection:
        connection.execute("truncate suite.words")
        connection.commit()
        for gid, commit in (("suite-a", True), ("suite-b", False)):
            connection.tpc_begin(gid)
            connection.execute("insert into suite.words (id, word) values (%s, %s)", [len(gid) + commit, gid])
            connection.tpc_prepare()
            connection.tpc_commit() if commit else connection.tpc_rollback()
        seen.ok(connection.execute("select word from suite.words").fetchall(), connection.tpc_recover() == [])


@check
def transaction_chain_and_deferred_constraint(seen):
    with connect() as connection:
        connection.execute("truncate suite.deferred")
        connection.execute("begin isolation level serializable")
        connection.execute("insert into suite.deferred values (1), (1)")
        seen.fails(lambda: connection.execute("commit"))
        seen.ok(connection.info.transaction_status.name)
        connection.execute("begin isolation level serializable")
        seen.ok(connection.execute("commit and chain").statusmessage, value(connection, "show transaction_isolation"))
        seen.ok(connection.execute("rollback").statusmessage, connection.info.transaction_status.name)


# ---- settings ---------------------------------------------------------------------------------------------------


@check
def settings(seen):
    with connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        connection.execute("set datestyle = 'German'")
        connection.execute("select set_config('application_name', 'second name', false)")
        connection.execute("set search_path = suite, public")
        connection.execute("set suite.own = 'a value'")
        for name in ("timezone", "datestyle", "application_name", "search_path", "suite.own"):
            seen.ok(name, value(connection, f"show {name}"))
        info = connection.info
        seen.ok(info.parameter_status("TimeZone"), info.parameter_status("DateStyle"), info.parameter_status("application_name"))
        seen.ok(value(connection, "select '2024-05-06 07:08:09+00'::timestamptz::text"))
        seen.ok(value(connection, "select count(*) >= 0 from words"))
        connection.execute("reset datestyle")
        connection.execute("set timezone to default")
        seen.ok(info.parameter_status("TimeZone"), info.parameter_status("DateStyle"))
        connection.execute("reset all")
        seen.ok(value(connection, "show search_path"), info.parameter_status("application_name"))


@check
def settings_of_a_transaction(seen):
    with connect() as connection:
        connection.execute("set work_mem = '7MB'")
        with connection.transaction():
            connection.execute("set local work_mem = '8MB'")
            connection.execute("select set_config('suite.local', 'x', true)")
            seen.ok(value(connection, "show work_mem"), value(connection, "select current_setting('suite.local')"))
        seen.ok(value(connection, "show work_mem"), value(connection, "select current_setting('suite.local', true)"))
        with connection.transaction(force_rollback=True):
            connection.execute("set work_mem = '9MB'; set timezone = 'Europe/Paris'")
            seen.ok(connection.info.parameter_status("TimeZone"))
        seen.ok(value(connection, "show work_mem"), connection.info.parameter_status("TimeZone"))
        connection.execute("begin; set work_mem = '10MB'; commit")
        seen.ok(value(connection, "show work_mem"))
        seen.fails(lambda: connection.execute("set work_mem = 'nonsense'"))
        seen.fails(lambda: connection.execute("set suite_nothing = 1"))
        connection.execute("discard all")
        seen.ok(value(connection, "show work_mem") != "10MB")


@check
def settings_do_not_pass_to_the_next_client(seen):
    with connect() as connection:
        connection.execute("set work_mem = '11MB'; set suite.secret = 'mine'; set role suite_reader")
    with connect() as connection:
        seen.ok(value(connection, "show work_mem") == "11MB", value(connection, "select nullif(current_setting('suite.secret', true), '')"))
        seen.ok(value(connection, "select current_user = session_user"))


@check
def client_encoding(seen):
    with connect(client_encoding="latin1") as connection:
        seen.ok(connection.info.encoding, value(connection, "select %s::text", ["caf\u00e9"]), value(connection, "show client_encoding"))
        seen.fails(lambda: connection.execute("select U&'\\4e16'"))
        connection.execute("set client_encoding = 'utf8'")
        seen.ok(value(connection, "select U&'\\4e16'"))


@check
def roles(seen):
    with connect() as connection:
        before = value(connection, "select current_user")
        connection.execute("set role none")
        seen.ok(value(connection, "select current_user") == before)
        seen.fails(lambda: connection.execute("set role suite_no_such_role"))
        seen.fails(lambda: connection.execute("set session authorization suite_no_such_role"))


@check
def temporary_tables(seen):
    with connect() as connection:
        connection.execute("create temporary table suite_temporary (a int) on commit preserve rows")
        for i in range(3):
            connection.execute("insert into suite_temporary values (%s)", [i])
        seen.ok(value(connection, "select sum(a) from suite_temporary"))
        connection.execute("discard temp")
        seen.fails(lambda: connection.execute("select * from suite_temporary"))


@check
def advisory_locks(seen):
    with connect() as connection:
        connection.execute("select pg_advisory_lock(77)")
        seen.ok(value(connection, "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"))
        seen.ok(value(connection, "select pg_advisory_unlock(77)"), value(connection, "select pg_advisory_unlock(77)"))


# ---- types ------------------------------------------------------------------------------------------------------

TYPED = [
    ("bool", True),
    ("int2", -32768),
    ("int4", 2147483647),
    ("int8", -9223372036854775808),
    ("float4", 1.5),
    ("float8", 2.718281828459045),
    ("float8", float("-inf")),
    ("numeric", Decimal("-12345678901234567890.0123456789")),
    ("numeric", Decimal("NaN")),
    ("text", "snow \u2603 and 'quotes' \\ \U0001f600"),
    ("varchar", ""),
    ("bytea", bytes(range(256))),
    ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("date", date(1999, 12, 31)),
    ("timestamp", datetime(2024, 2, 29, 23, 59, 59, 999999)),
    ("timestamptz", datetime(2024, 2, 29, 12, 0, tzinfo=timezone.utc)),
    ("interval", timedelta(days=-3, hours=4, microseconds=5)),
    ("json", Json({"a": [1, 2, None]})),
    ("jsonb", Jsonb({"b": "x", "a": 1.5})),
    ("int4[]", [1, None, -3]),
    ("text[]", ["a,b", 'c"d', "", None]),
    ("suite.mood", "so so"),
    ("int4", None),
    ("text", None),
]


@check
def types_in_both_formats(seen):
    with connect() as connection:
        for binary in (False, True):
            for placeholder in ("%t", "%b"):
                for name, original in TYPED:
                    if placeholder == "%b" and isinstance(original, Decimal) and original.is_nan():
                        continue
                    with connection.cursor(binary=binary) as cursor:
                        try:
                            cursor.execute(f"select {placeholder}::{name}", [original])
                        except psycopg.errors.ProgrammingError as error:
                            if error.sqlstate:
                                raise
                            continue
                        raw = cursor.pgresult.get_value(0, 0)
                        column = cursor.description[0]
                        seen.ok(name, placeholder, binary, raw, cursor.fetchone()[0], column.internal_size)


@check
def columns_are_described(seen):
    with connect() as connection:
        cursor = connection.execute("select id, word, numbers.* from suite.words, (select 1.5::numeric(10, 2) as n, 'x'::varchar(9) as v) numbers limit 0")
        seen.ok([(c.name, c.type_code, c.display_size, c.internal_size, c.precision, c.scale) for c in cursor.description])
        result = cursor.pgresult
        seen.ok([(result.ftablecol(i), result.ftable(i) != 0, result.fformat(i)) for i in range(result.nfields)])


@check
def rows_of_composite_values_and_ranges(seen):
    with connect(row_factory=dict_row) as connection:
        seen.ok(connection.execute("select row(1, 'a')::text as r, int4range(1, 5) as i, '{[1,2),[5,9)}'::int4multirange::text as m").fetchone())


# ---- errors -----------------------------------------------------------------------------------------------------


@check
def errors(seen):
    with connect() as connection:
        connection.execute("truncate suite.words")
        connection.execute("insert into suite.words (id, word) values (1, 'one')")
        for prepare in (False, True):
            for query, parameters in (
                ("selec 1", None),
                ("select * from suite.nowhere", None),
                ("select nothing from suite.words", None),
                ("insert into suite.words (id, word) values (%s, 'twice')", [1]),
                ("insert into suite.words (id, word) values (null, 'x')", None),
                ("insert into suite.words (id, word) values (2, repeat('x', 2000000))", None),
                ("insert into suite.words (id, word, kind) values (3, 'x', 0)", None),
                ("insert into suite.children values (5)", None),
                ("select 1 / %s::int", [0]),
                ("select %s::int", ["x"]),
                ("select suite.complain()", None),
                ("select cast('x' as suite.mood)", None),
                ("execute suite_nothing", None),
                ("fetch 1 from suite_nothing", None),
            ):
                seen.fails(lambda: connection.execute(query, parameters, prepare=prepare))
        seen.ok(value(connection, "select 'goes on'"))


# ---- several connections ----------------------------------------------------------------------------------------


@check
def concurrent_connections(seen):
    with connect() as connection:
        connection.execute("truncate suite.words")
    results, failures = [], []

    def work(number):
        try:
            with connect(application_name=f"client {number}") as connection:
                connection.execute("set suite.number = %s" % number)
                for i in range(30):
                    with connection.transaction(force_rollback=i % 5 == 4):
                        connection.execute("insert into suite.words (id, word) values (%s, %s)", [number * 1000 + i, "c"], prepare=True)
                        own = value(connection, "select current_setting('suite.number')", prepare=True)
                        assert own == str(number), own
                    assert value(connection, "show application_name") == f"client {number}"
                results.append(number)
        except Exception as failure:
            failures.append(repr(failure))

    threads = [threading.Thread(target=work, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect() as connection:
        seen.ok(sorted(results), sorted(failures), connection.execute("select count(*), sum(id) from suite.words").fetchone())


@check
def concurrent_lock_and_deadlock(seen):
    with connect() as first, connect() as second:
        first.execute("truncate suite.words")
        first.execute("insert into suite.words (id, word) values (1, 'a'), (2, 'b')")
        first.execute("begin; update suite.words set word = 'x' where id = 1")
        second.execute("begin; set local lock_timeout = '50ms'")
        seen.fails(lambda: second.execute("update suite.words set word = 'y' where id = 1"))
        second.execute("rollback")
        first.execute("commit")
        states = []

        def update(connection, barrier, one, other):
            try:
                with connection.transaction():
                    connection.execute("update suite.words set word = 'd' where id = %s", [one])
                    barrier.wait(LIMIT_SECONDS)
                    connection.execute("update suite.words set word = 'd' where id = %s", [other])
                states.append("done")
            except psycopg.Error as error:
                states.append(error.sqlstate)

        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=update, args=a) for a in ((first, barrier, 1, 2), (second, barrier, 2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.ok(sorted(states))


@check
def concurrent_terminated_backend(seen):
    with connect() as connection, connect() as other:
        connection.execute("begin")
        pid = value(connection, "select pg_backend_pid()")
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])
        try:
            connection.execute("select 1")
        except psycopg.OperationalError as error:
            seen.ok(error.sqlstate, value(other, "select 'goes on'"), connection.closed)


# ---- the program ------------------------------------------------------------------------------------------------


def one_at_a_time():
    return os.environ.get("SUITE_ONE_AT_A_TIME") == "1"


def main():
    for name, function in CHECKS:
        if one_at_a_time() and name.startswith("concurrent-"):
            continue
        try:
            function(Seen(name))
        except Exception as failure:
            print("broken", name, type(failure).__name__, short(str(failure)), flush=True)
            traceback.print_exc()
    print("end", flush=True)


if __name__ == "__main__":
    main()
