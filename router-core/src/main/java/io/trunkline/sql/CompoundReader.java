// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.Placement.Partitioned;
import io.trunkline.sql.Placement.Unproven;
import io.trunkline.sql.Placement.Whole;
import io.trunkline.sql.ScatterShape.Frame;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.List;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SetOperation;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.SetOperationList.SetOperationType;

/**
 * Reads how a set operation may run on every shard at once.
 *
 * <p>It may when its rows are divided by a key, see {@link Placements}. And when it is made of UNIONs, the last of which drops equal rows: then all that the shards find is
 * put together without those, be they of sharded tables or, from each shard again, of reference tables.
 */
final class CompoundReader {
    private final TokenList tokens;
    private final int end;
    private final SetOperationList list;
    private final QueryTreeReader reader;

    CompoundReader(TokenList tokens, int end, SetOperationList list, QueryTreeReader reader) {
        this.tokens = tokens;
        this.end = end;
        this.list = list;
        this.reader = reader;
    }

    ScatterShape read() {
        TokenRange with = new TokenRange(0, WithReader.behind(tokens));
        boolean divided = isDivided();
        int order = orderStart(with.to());
        int tail = tailStart(order);
        TokenTwins twins = new TokenTwins(tokens);
        OrderReader orders = new OrderReader(tokens, SelectList.read(tokens, List.of(), List.of()), twins, false);
        List<OrderItem> orderBy = orders.read(
                order == tail ? List.of() : ClauseSplit.list(tokens, order + 2, tail, ClauseSplit.KEYS_MAX),
                list.getOrderByElements(),
                // Only columns of the result can be ordered by.
                new OrderReader.Rows(true, false, List.of()));
        RowCountReader counts = new RowCountReader(tokens, new TokenRange(tail, end));
        return new ScatterShape(
                end,
                new Frame(with, new TokenRange(with.to(), with.to()), new TokenRange(end, end)),
                !divided,
                List.of(),
                new TokenRange(with.to(), order),
                List.of(),
                null,
                orderBy,
                counts.limit(),
                counts.offset(),
                divided,
                twins.sameTexts());
    }

    /** Returns whether the rows of the shards are all of them; else equal ones have to be dropped. */
    private boolean isDivided() {
        Placement whole = reader.placements().combined(list);
        if (whole instanceof Partitioned) {
            return true;
        }
        List<SetOperation> operations = list.getOperations();
        boolean unions = operations.stream().allMatch(each -> Placements.typeOf(each) == SetOperationType.UNION)
                && !operations.get(operations.size() - 1).isAll();
        boolean drops = unions && !(whole instanceof Whole);
        for (Select part : list.getSelects()) {
            if (reader.placements().of(part) instanceof Unproven unproven) {
                throw new RefusedStatement(unproven.reason());
            }
        }
        if (drops) {
            return false;
        }
        throw new RefusedStatement(
                whole instanceof Unproven unproven
                        ? unproven.reason()
                        : RefusalCode.RELATION_ACROSS_SHARDS.because("its rows are not those of a sharded table"));
    }

    /** Returns where ORDER BY or what follows it begins; before it there are as many set operations as in the tree. */
    private int orderStart(int start) {
        int depth = 0;
        int operations = 0;
        for (int i = start; i < end; i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            if (depth > 0 || tokens.isWord(i - 1, "as") || tokens.isCharacter(i - 1, '.')) {
                continue;
            }
            if (tokens.isWord(i, "union", "intersect", "except")) {
                operations++;
            } else if (tokens.isSequence(i, "order", "by") || isTail(i)) {
                require(operations);
                return i;
            }
        }
        require(operations);
        return end;
    }

    private void require(int operations) {
        if (operations != list.getOperations().size()) {
            throw ClauseSplit.unclear("the parser finds another number of set operations");
        }
    }

    private int tailStart(int order) {
        int depth = 0;
        for (int i = order; i < end; i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            if (depth == 0 && isTail(i)) {
                return i;
            }
        }
        return end;
    }

    private boolean isTail(int i) {
        if (tokens.isWord(i, "for")) {
            throw ClauseSplit.clause("FOR behind a set operation");
        }
        return tokens.isWord(i, "limit", "offset", "fetch");
    }
}
