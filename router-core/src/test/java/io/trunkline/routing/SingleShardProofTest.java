// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.sql.StatementShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
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
    void answersOfOneShardAreAnswersOfTheWhole(@ForAll long seed) {
        RandomStatement statement = RandomStatement.of(new Random(seed));

        Target target = route(statement);

        assertSameAnswer(statement, target);
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
        StatementShape shape = Given.statement(statement.sql());
        ShardingShape sharding =
                new ShardingShapeReader().read(statement.sql(), true, table.forSearchPath(List.of("public")));
        return router.target(shape, sharding, statement.keys(), Given.SESSION);
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
