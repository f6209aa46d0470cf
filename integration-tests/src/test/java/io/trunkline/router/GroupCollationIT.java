// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ShardedTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups of a database whose texts are ordered as a language orders them, with a column whose texts are not, beside one server that has all rows. */
class GroupCollationIT {
    private static final int SHARDS = 2;
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
    private static final String WHOLE = "whole";
    private static final List<String> WORDS =
            List.of("a", "B", "b", "Z", "z", "ä", "Äpfel", "apfel", "zebra", "A", "é");

    private static ShardedCluster shards;
    private static RouterUnderTest router;
    private static WireClient whole;
    private static WireClient routed;

    @BeforeAll
    static void start() {
        shards = ShardedCluster.start(
                SHARDS, TestTopologies.trusting(PostgresOptions.newest().replicas(0)));
        List<List<String>> rows = new ArrayList<>();
        rows.add(new ArrayList<>());
        rows.add(new ArrayList<>());
        List<String> all = new ArrayList<>();
        for (int id = 0; id < 60; id++) {
            String row = "(" + id + ", '" + WORDS.get(id % WORDS.size()) + "', '" + WORDS.get(id * 7 % WORDS.size())
                    + "', " + id * 3 + ")";
            all.add(row);
            rows.get(SLOTS.shardOf(KeyValue.ofLong(id)).getAsInt()).add(row);
        }
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
            shard.primary().execute("drop database " + TestTopologies.DATABASE, german(TestTopologies.DATABASE));
            fill(shard, TestTopologies.DATABASE, rows.get(shards.shards().indexOf(shard)));
        }
        shards.shard(0).primary().execute(german(WHOLE));
        fill(shards.shard(0), WHOLE, all);
        router = RouterUnderTest.with(
                        shards.workspace(),
                        TestTopologies.sharded(
                                shards,
                                1,
                                List.of(new Distribution("id", KeyType.INT8, SLOTS)),
                                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "words", "id", "id")),
                                List.of(),
                                "app"))
                .start();
        whole = WireClient.connect(shards.shard(0).primary().port(), WHOLE);
        routed = WireClient.connect(router.port(), "app");
        // Until the catalogue has been read, nothing is known to be a read.
        await().until(() -> "60".equals(routed.ask("select count(*) from words")));
    }

    private static String german(String database) {
        return "create database " + database + " template template0 locale_provider icu icu_locale 'de'";
    }

    private static void fill(PostgresCluster shard, String database, List<String> rows) {
        shard.primary()
                .executeIn(
                        database,
                        "create table words (id int8, word text, plain text collate \"C\", n int)",
                        "insert into words values " + String.join(", ", rows),
                        "grant all on all tables in schema public to public");
    }

    @AfterAll
    static void stop() {
        whole.close();
        routed.close();
        router.close();
        shards.close();
    }

    @ParameterizedTest
    @Case({"H23", "H30"})
    @ValueSource(
            strings = {
                "select word, count(*) from words group by word order by word",
                "select word, count(*) from words group by word order by word desc limit 4 offset 2",
                "select plain, count(*) from words group by plain order by plain",
                "select plain, word, sum(n) from words group by word, plain order by plain desc, word",
                "select sum(n) from words group by word order by word",
                "select word, max(n) - min(n) from words group by word having word > 'b' order by word",
                "select plain, max(n) - min(n) from words group by plain having plain > 'b' order by plain",
                "select upper(plain), upper(word), count(*) from words group by plain, word order by plain, word",
                "select word collate \"C\" as w, count(*) from words group by word order by word collate \"C\"",
                "select lower(word), count(*) from words group by lower(word) order by lower(word)",
                "select distinct word, count(*) > 5 from words group by word, plain order by word, 2",
                "select word, count(distinct plain) from words group by word order by 2 desc, word",
                "select left(word, 1) || plain, count(*) from words group by left(word, 1), plain order by left(word, 1), plain",
                "select count(distinct word), count(distinct plain), count(distinct n) from words",
                "select string_agg(word, ',' order by word, id), string_agg(plain, ',' order by plain desc, id) from words",
                "select string_agg(distinct word, ',' order by word), string_agg(distinct plain, ',' order by plain) from words",
                "select n % 4 as g, array_agg(word order by word, id), array_agg(plain order by plain, id) from words group by g order by g",
                "select string_agg(word, ',' order by word collate \"C\", id), string_agg(plain, ',' order by plain collate \"de-x-icu\", id) from words",
                "select percentile_disc(0.5) within group (order by word), mode() within group (order by plain), string_agg(word, plain order by id) > 'b' from words",
                "select string_agg(plain, ',' order by id) as s from words group by n % 4 order by s",
            })
    void ordersGroupsAsTheServerDoes(String sql) {
        assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select word from words order by word",
                "select min(word) from words",
                "select distinct word from words order by word",
            })
    void refusesWhatItWouldHaveToCompareItself(String sql) {
        assertThat(texts(routed.query(sql)).toString()).as(sql).contains("TL0219");
    }

    private static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).toList();
    }
}
