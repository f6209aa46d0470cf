// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KnownFunctionsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lower",
                "pg_catalog.lower",
                "now",
                "count",
                "jsonb_agg",
                "generate_series",
                "date_trunc",
                "to_char",
                "extract",
                "substring"
            })
    void knowsFunctionsEveryNodeAnswersAlike(String function) {
        assertThat(KnownFunctions.isSafe(function)).isTrue();
        assertThat(KnownFunctions.isBoundToHost(function)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nextval",
                "setval",
                "lastval",
                "random",
                "set_config",
                "pg_advisory_xact_lock",
                "pg_notify",
                "lo_create",
                "txid_current",
                "pg_backend_pid",
                "query_to_xml",
                "pg_sleep",
                "clock_timestamp",
                "app.lower",
                "my_function",
                "LOWER",
                "gen_random_uuid"
            })
    void vouchesForNoOther(String function) {
        assertThat(KnownFunctions.isSafe(function)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pg_backend_pid",
                "txid_current",
                "current_setting",
                "pg_stat_get_numscans",
                "pg_postmaster_start_time",
                "table_to_xml"
            })
    void knowsStableFunctionsThatBelongOnThePrimary(String function) {
        assertThat(KnownFunctions.isBoundToHost(function)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"pg_stat_activity", "pg_statio_all_tables", "pg_locks", "pg_settings", "pg_replication_slots"})
    void knowsViewsOfOneServer(String view) {
        assertThat(KnownFunctions.isHostView(view)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_class", "pg_stats", "pg_statistic", "pg_roles", "orders"})
    void takesNoOtherRelationForOne(String relation) {
        assertThat(KnownFunctions.isHostView(relation)).isFalse();
    }
}
