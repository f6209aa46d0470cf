// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cases of what a session has beside its transactions, with clients that take turns on one backend. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class SessionCasesIT {
    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major),
                List.of(
                        "create table tenants (name text)",
                        "insert into tenants values ('red'), ('blue')",
                        "alter table tenants enable row level security",
                        "create policy own on tenants using (name = current_setting('app.tenant', true))",
                        "grant all on tenants to public",
                        "create table t (id int)",
                        "alter table t owner to " + RouterUnderTest.TRUSTED_USER));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        servers.close();
    }

    private static WireClient connect() {
        return WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
    }

    /** deadlock_timeout is for superusers, which the client is until it takes the role; so the one backend must have the one set before the other. */
    @Test
    @Case("N10")
    void N10_settingsOfSuperusersAreReplayedAheadOfTheRole() {
        servers.server()
                .execute(
                        "alter role " + RouterUnderTest.TRUSTED_USER + " superuser",
                        "create role plain",
                        "create role other",
                        // Until 15 a server asks for the rights a connection had when it logged in.
                        "select pg_terminate_backend(pid) from pg_stat_activity where usename = '"
                                + RouterUnderTest.TRUSTED_USER + "'");
        try (WireClient both = connect();
                WireClient role = connect();
                WireClient neither = connect()) {
            both.query("set deadlock_timeout to '7s'");
            both.query("set role plain");
            role.query("set role plain");
            for (WireClient client : List.of(both, role, both, neither, role, neither, both, both)) {
                assertThat(client.ask("select current_user || ' ' || current_setting('deadlock_timeout')"))
                        .isEqualTo(
                                client == both
                                        ? "plain 7s"
                                        : client == role ? "plain 1s" : RouterUnderTest.TRUSTED_USER + " 1s");
            }
            // Takes the role away.
            role.query("set session authorization other");
            assertThat(both.ask("select session_user || ' ' || current_user")).isEqualTo("wire plain");
            assertThat(role.ask("select session_user || ' ' || current_user")).isEqualTo("other other");
            assertThat(both.ask("select session_user || ' ' || current_user")).isEqualTo("wire plain");
            // As on a server: the role has not the right.
            assertThat(both.ask("set deadlock_timeout to '8s'")).isEqualTo("42501");
            both.query("reset role");
            assertThat(both.ask("set deadlock_timeout to '8s'")).isEmpty();
            assertThat(both.ask("show deadlock_timeout")).isEqualTo("8s");
        } finally {
            servers.server()
                    .execute("alter role " + RouterUnderTest.TRUSTED_USER + " nosuperuser", "drop role plain, other");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"set local app.tenant = '%s'", "select set_config('app.tenant', '%s', true)"})
    @Case("N06")
    void N06_aTenantOfOneTransactionIsNotThatOfAnother(String sql) {
        try (WireClient red = connect();
                WireClient blue = connect()) {
            for (int i = 0; i < 3; i++) {
                red.query("begin; " + sql.formatted("red"));
                assertThat(red.ask("select string_agg(name, ' ') from tenants")).isEqualTo("red");
                red.query("commit");

                assertThat(blue.ask("select count(*) from tenants")).isEqualTo("0");
                blue.query("begin; " + sql.formatted("blue"));
                assertThat(blue.ask("select string_agg(name, ' ') from tenants"))
                        .isEqualTo("blue");
                blue.query(i == 1 ? "commit" : "rollback");
                assertThat(red.ask("select count(*) from tenants")).isEqualTo("0");
            }
        }
    }

    static Stream<String> lists() {
        return Stream.of(
                "set search_path to one, \"Two, three\", \"$user\"",
                "set search_path to 'one, two'",
                "set search_path to ''",
                "set search_path to \"\", pg_catalog",
                "set search_path = 'it''s', \"with \"\"quotes\"\"\"",
                "set search_path to pg_catalog , public",
                "set temp_tablespaces to ''",
                "set datestyle to sql, dmy",
                "select set_config('search_path', '\"a b\", c', false)");
    }

    @ParameterizedTest
    @MethodSource("lists")
    @Case("N09")
    void N09_listsOfNamesComeBackAsTheyWere(String sql) {
        String show = "select concat_ws('|', current_setting('search_path'), current_setting('temp_tablespaces'),"
                + " current_setting('datestyle'), current_schemas(true)::text)";
        try (WireClient client = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            String fresh = other.ask(show);
            client.query(sql);
            String before = client.ask(show);

            for (int i = 0; i < 3; i++) {
                assertThat(other.ask(show)).isEqualTo(fresh);
                assertThat(client.ask(show)).isEqualTo(before);
            }
        }
    }

    @Test
    @Case("N18")
    void N18_aCursorWithHoldIsReadAfterCommit() {
        try (WireClient client = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            client.query("begin; declare c cursor with hold for select generate_series(1, 10)");
            client.query("commit");

            for (int i = 1; i <= 10; i++) {
                assertThat(client.ask("fetch c")).isEqualTo("" + i);
                assertThat(other.ask("select count(*) from pg_cursors")).isEqualTo("0");
            }
            client.query("close c");
            assertThat(client.ask("fetch c")).isEqualTo("34000");
        }
    }

    @Test
    @Case("N22")
    void N22_aCommandThatMustBeAloneIsAloneWhenSettingsWereReplayed() {
        try (WireClient client = connect();
                WireClient other = connect()) {
            client.query("set work_mem to '5MB'; set timezone to 'Asia/Tokyo'");

            for (String sql :
                    List.of("vacuum t", "create index concurrently on t (id)", "alter system reset work_mem")) {
                other.query("set work_mem to '6MB'");
                List<ServerMessage> answer = client.query(sql);

                assertThat(answer)
                        .as(sql)
                        .noneMatch(message ->
                                message.type() == 'E' && message.sqlState().equals("25001"));
            }
            assertThat(client.ask("show work_mem")).isEqualTo("5MB");
        }
    }
}
