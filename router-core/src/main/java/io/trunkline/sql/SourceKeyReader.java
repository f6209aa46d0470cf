// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.Placement.KeyColumn;
import io.trunkline.sql.Placement.Partitioned;
import io.trunkline.sql.Placement.Unproven;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import org.jspecify.annotations.Nullable;

/**
 * Reads where the keys come from that an INSERT ... SELECT stores.
 *
 * <p>Rows that are divided by the same distribution, and carry their key in the column that is stored as key, are stored where they are found: then every shard may insert
 * its own. A key that is an operand, or that of a row whatever else the query does with rows, only tells which shard the stored rows belong to.
 */
final class SourceKeyReader {
    private final QueryTreeReader queries;
    private final PredicateReader predicates;
    private final KeyNode key;

    /** Prepares to read what becomes the key of a table that is inserted into. */
    SourceKeyReader(QueryTreeReader queries, PredicateReader predicates, KeyNode key) {
        this.queries = queries;
        this.predicates = predicates;
        this.key = key;
    }

    /**
     * Reads a query that was walked to its end.
     *
     * @param scope that of the query's FROM when it is a single block, else null
     * @param index the place of the key among the columns that are given values
     * @param columnCount how many those are
     * @param target the scope of the table that is inserted into, which is told why several shards cannot do this
     */
    void read(Select source, @Nullable QueryScope scope, int index, int columnCount, QueryScope target) {
        Placement rows = queries.placements().inAnyOrder(source);
        KeyColumn carried =
                rows instanceof Partitioned divided && divided.distribution().equals(key.distribution())
                        ? divided.at(index)
                        : null;
        if (carried != null) {
            inherit(carried);
            if (mayChangeType(scope)) {
                target.doubt(RefusalCode.INSERT_SELECT.because(
                        "column " + key.column() + " may have taken another type by USING, INTERSECT or EXCEPT"));
            }
            return;
        }
        Refusal reason = rows instanceof Unproven unproven
                ? unproven.reason()
                : RefusalCode.INSERT_SELECT.because(
                        "column " + key.column() + " does not come from a key of the same distribution");
        if (!tellsShard(source, scope, index, columnCount)) {
            throw new RefusedStatement(reason);
        }
        target.doubt(reason);
    }

    /**
     * Columns that are merged have the common type of both: an int8 that meets a float8 is rounded, and a rounded key may belong elsewhere. Keys of one distribution that meet
     * stay what they are.
     */
    private boolean mayChangeType(@Nullable QueryScope scope) {
        boolean onlyKeysMeet = scope != null && scope.hasOnlyShardedTables() && queries.selectCount() == 1;
        return queries.count("intersect") + queries.count("except") > 0 || queries.count("using") > 0 && !onlyKeysMeet;
    }

    /** A row to store has the key of a row in one of the parts of the query. */
    private void inherit(KeyColumn carried) {
        if (carried.keys().size() == 1) {
            key.inherit(carried.keys().get(0));
        } else {
            key.add(new KeyCondition.Or(
                    key.distribution(),
                    carried.keys().stream().map(KeyNode::condition).toList()));
        }
    }

    /** Reads a key that does not show where its row lies, and returns true when it still shows where it belongs. */
    private boolean tellsShard(Select source, @Nullable QueryScope scope, int index, int columnCount) {
        Select inner = source;
        while (inner instanceof ParenthesedSelect group) {
            inner = group.getSelect();
        }
        Expression item = inner instanceof PlainSelect plain ? QueryTreeReader.itemAt(plain, index, columnCount) : null;
        if (item == null || scope == null) {
            return false;
        }
        KeyOperand operand = predicates.operand(item);
        if (operand != null) {
            key.add(new KeyCondition.Equal(key.distribution(), operand));
            return true;
        }
        KeyNode from = predicates.key(item, scope);
        // ROLLUP and its like put nulls in place of keys.
        boolean mayBeNull = queries.count("rollup") + queries.count("cube") + queries.count("grouping") > 0;
        if (from == null
                || from.isNullable()
                || mayBeNull
                || !from.distribution().equals(key.distribution())) {
            return false;
        }
        key.inherit(from);
        return true;
    }
}
