// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.SessionCommand.Scope;
import io.trunkline.sql.SessionCommand.StatementName;
import io.trunkline.sql.TransactionMode.Choice;
import io.trunkline.testing.Case;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionCommandTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            set work_mem to '1MB'                               → work_mem              → '1MB'           → SESSION
            SET Work_Mem = 64                                   → work_mem              → 64              → SESSION
            set session x = on                                  → x                     → on              → SESSION
            set local x = -1.5                                  → x                     → -1.5            → LOCAL
            set search_path to "$user", public                  → search_path           → "$user", public → SESSION
            set search_path = "$user" /* c */ ,public -- d      → search_path           → "$user" ,public → SESSION
            set search_path = ''                                → search_path           → ''              → SESSION
            set schema 'x'                                      → search_path           → 'x'             → SESSION
            set datestyle to iso, mdy                           → datestyle             → iso, mdy        → SESSION
            set time zone 'Europe/Berlin'                       → timezone              → 'Europe/Berlin' → SESSION
            set local time zone -7                              → timezone              → -7              → LOCAL
            set time zone interval '-08:00'                     → timezone              → 'INTERVAL ''-08:00''' → SESSION
            set timezone to utc                                 → timezone              → utc             → SESSION
            set names 'LATIN1'                                  → client_encoding       → 'LATIN1'        → SESSION
            set role admin                                      → role                  → admin           → SESSION
            set role none                                       → role                  → none            → SESSION
            set local role "A b"                                → role                  → "A b"           → LOCAL
            set role = 'x'                                      → role                  → 'x'             → SESSION
            set session authorization joe                       → session_authorization → joe             → SESSION
            set local session authorization 'joe'               → session_authorization → 'joe'           → LOCAL
            set session session authorization joe               → session_authorization → joe             → SESSION
            set xml option document                             → xmloption             → document        → SESSION
            set trunkline.shard_key = '42'                      → trunkline.shard_key   → '42'            → SESSION
            set "App"."Tenant" to 'x'                           → app.tenant            → 'x'             → SESSION
            set local.x = 1                                     → local.x               → 1               → SESSION
            set session to 1                                    → session               → 1               → SESSION
            set transaction to 1                                → transaction           → 1               → SESSION
            set application_name = 'it''s'                      → application_name      → 'it''s'         → SESSION
            set application_name = 'a\\b'                        → application_name      → E'a\\\\b'         → SESSION
            set application_name = E'a\\'b'                      → application_name      → E'a\\'b'         → SESSION
            set application_name = $$x$$                        → application_name      → $$x$$           → SESSION
            """)
    @Case("N09")
    void readsSettingsWithTheirValuesAsWritten(String sql, String name, String value, Scope scope) {
        assertThat(read(sql)).isEqualTo(new SessionCommand.Set(name, value, scope));
    }

    @Test
    void keepsTheMeaningOfBackslashesWhateverTheSetting() {
        Sql sql = Sql.of("set x = 'a\\'b'");

        SessionCommand command = SessionCommand.read(sql.buffer(), sql.start(), sql.end(), false);

        assertThat(command).isEqualTo(new SessionCommand.Set("x", "E'a\\'b'", Scope.SESSION));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            reset work_mem                        → work_mem              → SESSION
            RESET App.Tenant                      → app.tenant            → SESSION
            reset time zone                       → timezone              → SESSION
            reset role                            → role                  → SESSION
            reset session authorization           → session_authorization → SESSION
            reset transaction isolation level     → transaction_isolation → SESSION
            set work_mem to default               → work_mem              → SESSION
            set local work_mem = default          → work_mem              → LOCAL
            set time zone default                 → timezone              → SESSION
            set time zone local                   → timezone              → SESSION
            set names default                     → client_encoding       → SESSION
            set names                             → client_encoding       → SESSION
            set session authorization default     → session_authorization → SESSION
            """)
    void readsResets(String sql, String name, Scope scope) {
        assertThat(read(sql)).isEqualTo(new SessionCommand.Reset(name, scope));
    }

    @Test
    void readsTheOtherCommands() {
        assertThat(read("reset all")).isEqualTo(new SessionCommand.ResetAll());
        assertThat(read("discard all")).isEqualTo(new SessionCommand.Discard(SessionCommand.Discarded.ALL));
        assertThat(read("discard temporary")).isEqualTo(new SessionCommand.Discard(SessionCommand.Discarded.TEMP));
        assertThat(read("discard plans")).isEqualTo(new SessionCommand.Discard(SessionCommand.Discarded.PLANS));
        assertThat(read("discard sequences")).isEqualTo(new SessionCommand.Discard(SessionCommand.Discarded.SEQUENCES));
        assertThat(read("deallocate S1")).isEqualTo(new SessionCommand.Deallocate(name("s1", 11, 13)));
        assertThat(read("deallocate prepare \"S1\"")).isEqualTo(new SessionCommand.Deallocate(name("S1", 19, 23)));
        assertThat(read("deallocate prepare")).isEqualTo(new SessionCommand.Deallocate(name("prepare", 11, 18)));
        assertThat(read("deallocate all")).isEqualTo(new SessionCommand.Deallocate(null));
        assertThat(read("deallocate prepare all")).isEqualTo(new SessionCommand.Deallocate(null));
        assertThat(read("deallocate \"all\"")).isEqualTo(new SessionCommand.Deallocate(name("all", 11, 16)));
        assertThat(read("prepare p (int) as select $1")).isEqualTo(prepare(name("p", 8, 9), 19));
        assertThat(read("prepare transaction as select 1")).isEqualTo(prepare(name("transaction", 8, 19), 23));
        assertThat(read("prepare U&\"!0070\" uescape '!' as (values (1))")).isEqualTo(prepare(name("p", 8, 29), 33));
        assertThat(read("prepare p as create table t ()")).isEqualTo(prepare(name("p", 8, 9), -1));
        assertThat(read("prepare p")).isEqualTo(prepare(name("p", 8, 9), -1));
        assertThat(read("execute p(1)")).isEqualTo(new SessionCommand.Execute(name("p", 8, 9)));
        assertThat(read("explain (analyze, costs off) execute p(1)"))
                .isEqualTo(new SessionCommand.Execute(name("p", 37, 38)));
        assertThat(read("explain verbose create table t as execute p"))
                .isEqualTo(new SessionCommand.Execute(name("p", 42, 43)));
        assertThat(read("create temp table t (a) on commit drop as execute \"P\""))
                .isEqualTo(new SessionCommand.Execute(name("P", 50, 53)));
        assertThat(read("create table t as select execute p")).isEqualTo(new SessionCommand.Other());
        // No names of statements, says the grammar.
        assertThat(read("execute select")).isEqualTo(new SessionCommand.Other());
        assertThat(read("prepare from as select 1")).isEqualTo(new SessionCommand.Other());
        assertThat(read("savepoint A")).isEqualTo(new SessionCommand.Savepoint("a"));
        assertThat(read("release a")).isEqualTo(new SessionCommand.Release("a"));
        assertThat(read("release savepoint a")).isEqualTo(new SessionCommand.Release("a"));
        assertThat(read("release savepoint")).isEqualTo(new SessionCommand.Release("savepoint"));
        assertThat(read("rollback to a")).isEqualTo(new SessionCommand.RollbackTo("a"));
        assertThat(read("abort work to savepoint a")).isEqualTo(new SessionCommand.RollbackTo("a"));
        assertThat(read("rollback transaction to savepoint")).isEqualTo(new SessionCommand.RollbackTo("savepoint"));
        assertThat(read("show all")).isEqualTo(new SessionCommand.Show("all"));
        assertThat(read("show time zone")).isEqualTo(new SessionCommand.Show("timezone"));
        assertThat(read("show transaction isolation level"))
                .isEqualTo(new SessionCommand.Show("transaction_isolation"));
        assertThat(read("SHOW trunkline.Route")).isEqualTo(new SessionCommand.Show("trunkline.route"));
        assertThat(read("listen c")).isEqualTo(new SessionCommand.Listen("c"));
        assertThat(read("unlisten *")).isEqualTo(new SessionCommand.Unlisten(null));
        assertThat(read("unlisten c")).isEqualTo(new SessionCommand.Unlisten("c"));
        assertThat(read("close all")).isEqualTo(new SessionCommand.CloseCursor(null));
        assertThat(read("close C")).isEqualTo(new SessionCommand.CloseCursor("c"));
        assertThat(read("declare C no scroll cursor for select 1")).isEqualTo(new SessionCommand.DeclareCursor("c"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            fetch c                       → c 1
            fetch next                    → next 1
            fetch forward                 → forward 1
            fetch "C"                     → C 1
            fetch from c                  → c 1
            move in c                     → c 1
            fetch next c                  → c 1
            fetch next from next          → next 1
            fetch 5 c                     → c 5
            fetch +5 from c               → c 5
            fetch forward c               → c 1
            fetch forward in c            → c 1
            fetch forward 7 from c        → c 7
            fetch forward all c           → c 2147483647
            move all in c                 → c 2147483647
            fetch 0 c                     → c -1
            fetch -5 c                    → c -1
            fetch prior c                 → c -1
            fetch first from c            → c -1
            fetch last in c               → c -1
            fetch absolute -3 from c      → c -1
            fetch relative 1 c            → c -1
            fetch backward c              → c -1
            fetch backward from c         → c -1
            fetch backward 2 c            → c -1
            fetch backward all c          → c -1
            fetch 0x10 c                  → c -1
            fetch 99999999999 c           → c -1
            fetch                         → none
            fetch 5                       → none
            fetch from                    → none
            fetch sideways c              → none
            fetch next 5 c                → none
            fetch 5 from c d              → none
            """)
    void readsHowFarACursorIsFetchedFrom(String sql, String expected) {
        String found = read(sql) instanceof SessionCommand.Fetch fetch ? fetch.cursor() + " " + fetch.rows() : "none";
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void readsTransactionModes() {
        TransactionMode readOnly = new TransactionMode(Choice.YES, Choice.UNSAID, Choice.UNSAID);
        TransactionMode serializable = new TransactionMode(Choice.NO, Choice.YES, Choice.UNSAID);

        assertThat(read("set transaction read only")).isEqualTo(new SessionCommand.SetTransaction(readOnly));
        assertThat(read("set local transaction read only")).isEqualTo(new SessionCommand.SetTransaction(readOnly));
        assertThat(read("set session characteristics as transaction isolation level serializable, read write"))
                .isEqualTo(new SessionCommand.SetSessionCharacteristics(
                        serializable,
                        Map.of(
                                "default_transaction_isolation",
                                "'serializable'",
                                "default_transaction_read_only",
                                "off")));
        assertThat(
                        read(
                                "set session characteristics as transaction not deferrable isolation level /* é */ repeatable read"))
                .isEqualTo(new SessionCommand.SetSessionCharacteristics(
                        new TransactionMode(Choice.UNSAID, Choice.NO, Choice.NO),
                        Map.of(
                                "default_transaction_isolation",
                                "'repeatable read'",
                                "default_transaction_deferrable",
                                "off")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"set x from current", "set time zone interval '8' hour"})
    void saysWhichSettingsCannotBeCarried(String sql) {
        assertThat(read(sql)).isInstanceOf(SessionCommand.Untracked.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set",
                "set x",
                "set x =",
                "set = 1",
                "set x.y",
                "reset",
                "reset x y",
                "discard",
                "discard x",
                "savepoint",
                "rollback",
                "rollback prepared 'x'",
                "prepare transaction 'x'",
                "select 1",
                "set constraints all deferred",
                "deallocate",
                "close",
                "unlisten",
                "(set x = 1)"
            })
    void leavesWhatItDoesNotKnowToPostgresql(String sql) {
        assertThat(read(sql)).isEqualTo(new SessionCommand.Other());
    }

    @Test
    void readsNamesOfStatementsBesideValuesInOtherEncodings() {
        ByteBuf latin1 = Unpooled.copiedBuffer("execute p('\u00e9')", StandardCharsets.ISO_8859_1);
        ByteBuf name = Unpooled.copiedBuffer("execute \u00e9", StandardCharsets.ISO_8859_1);

        assertThat(SessionCommand.read(latin1, 0, latin1.readableBytes(), true))
                .isEqualTo(new SessionCommand.Execute(new StatementName("p", 8, 9)));
        assertThat(SessionCommand.read(name, 0, name.readableBytes(), true))
                .isInstanceOf(SessionCommand.Untracked.class);
    }

    @Test
    void recognisesSettingsOfTheRouterAndOfTheTemporarySchema() {
        assertThat(((SessionCommand.Set) read("set trunkline.role = replica")).isForRouter())
                .isTrue();
        assertThat(((SessionCommand.Set) read("set search_path = 'PG_TEMP', public")).mayReachTemporarySchema())
                .isTrue();
        assertThat(((SessionCommand.Set) read("set search_path = public")).mayReachTemporarySchema())
                .isFalse();
    }

    @Test
    void leavesHintsOutOfValues() {
        assertThat(read("set x = 1 /* trunkline: role=primary */"))
                .isEqualTo(new SessionCommand.Set("x", "1", Scope.SESSION));
    }

    private static SessionCommand read(String sql) {
        Sql text = Sql.of(sql);
        return SessionCommand.read(text.buffer(), text.start(), text.end(), true);
    }

    /** A name that stands there in the text. */
    private static StatementName name(String text, int start, int end) {
        int offset = Sql.of("").start();
        return new StatementName(text, offset + start, offset + end);
    }

    private static SessionCommand prepare(StatementName name, int query) {
        return new SessionCommand.Prepare(name, query < 0 ? query : Sql.of("").start() + query);
    }
}
