// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.sql.StatementShape;
import io.trunkline.testing.Case;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The promise of the router, by brute force: a statement that is sent to one shard gives there what a single server with all rows would give.
 *
 * <p>Random statements over {@code orders} and {@code customers}, spread over three shards, are routed from their text, and run by {@link TinyDatabase}
 * once over all rows and once over those of the shard. Refusing is always allowed, answering differently never.
 */
class SingleShardProofTest {
    private final RoutingTable table = Given.customers(3);
    private final StatementRouter router = new StatementRouter(table, Given.catalog());
    private final TinyDatabase database = new TinyDatabase(key -> Given.shardOf(table, key));

    @Property(tries = 3000)
    @Case({"H01", "H02", "H03", "H06"})
    void answersOfOneShardAreAnswersOfTheWhole(@ForAll long seed) {
        RandomStatement statement = RandomStatement.of(new Random(seed));

        Target target = route(statement);

        assertSameAnswer(statement, target);
    }

    @Property(tries = 2000)
    @Case({"H04", "H06"})
    void everyRowAnInsertStoresBelongsToTheShardItIsStoredOn(@ForAll long seed) {
        Random random = new Random(seed);
        RandomValues values = new RandomValues(random);
        List<@Nullable BigDecimal> stored = new ArrayList<>();
        StringBuilder sql = new StringBuilder("insert into orders (amount, customer_id) values ");
        for (int row = 0; row <= random.nextInt(4); row++) {
            RandomValues.Value key = values.next();
            sql.append(row == 0 ? "" : ", ").append("(1, ").append(key.sql()).append(')');
            stored.add(key.number());
        }
        boolean inWith = random.nextInt(4) == 0;
        String text = inWith ? "with x as (" + sql + " returning 1) select * from x" : sql.toString();

        Target target = route(text, values.keys().withSql(text, true));

        if (target instanceof Target.At at) {
            assertThat(stored).as(text).doesNotContainNull();
            for (BigDecimal key : stored) {
                // As PostgreSQL stores a numeric in an int8 column, should one ever get here.
                long stores = key.setScale(0, RoundingMode.HALF_UP).longValueExact();
                assertThat(at.shard())
                        .as("%s with %s", text, values.parameters())
                        .isEqualTo(Given.shardOf(table, stores));
            }
        }
    }

    @Test
    void placesEnoughToProveAnything() {
        int placed = 0;
        List<String> joinsPlaced = new ArrayList<>();
        for (int seed = 0; seed < 2000; seed++) {
            RandomStatement statement = RandomStatement.of(new Random(seed));
            if (route(statement) instanceof Target.At at && at.shardReason() == Reason.KEY) {
                placed++;
                if (statement.sql().contains("join")) {
                    joinsPlaced.add(statement.sql());
                }
            }
        }

        assertThat(placed).isGreaterThan(200);
        assertThat(joinsPlaced).hasSizeGreaterThan(20);
    }

    private Target route(RandomStatement statement) {
        return route(statement.sql(), statement.keys());
    }

    private Target route(String sql, KeySource keys) {
        StatementShape shape = Given.statement(sql);
        ShardingShape sharding = new ShardingShapeReader().read(sql, true, table.forSearchPath(List.of("public")));
        return router.target(shape, sharding, keys, Given.SESSION);
    }

    private void assertSameAnswer(RandomStatement statement, Target target) {
        if (!(target instanceof Target.At at)) {
            return;
        }
        List<String> whole = database.run(statement, shard -> true);
        IntStream shards = at.shard() == Target.ANY_SHARD ? IntStream.range(0, 3) : IntStream.of(at.shard());
        shards.forEach(shard -> assertThat(database.run(statement, candidate -> candidate == shard))
                .as("%s with %s on shard %d", statement.sql(), statement.parameters(), shard)
                .isEqualTo(whole));
    }
}
