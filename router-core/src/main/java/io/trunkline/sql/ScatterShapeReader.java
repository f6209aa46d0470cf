// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Frame;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.Plain;
import io.trunkline.sql.ScatterShape.Star;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.List;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.SetOperationList;
import org.jspecify.annotations.Nullable;

/**
 * Reads how a query may run on every shard at once, or why it may not.
 *
 * <p>Two readings must agree, that of the tree and that of the tokens: the number and text of all entries of the select list, of GROUP BY, HAVING and ORDER BY.
 * What is not known to be right is refused, for the routes a query has otherwise are not touched by the answer.
 */
final class ScatterShapeReader {
    private final TokenList tokens;
    private final PlainSelect select;
    private final QueryScope scope;
    private final ClauseSplit clauses;
    private final TokenTwins twins;
    private final TokenRange with;
    private final int end;

    private ScatterShapeReader(TokenList tokens, int end, PlainSelect select, QueryScope scope) {
        this.tokens = tokens;
        this.end = end;
        this.select = select;
        this.scope = scope;
        this.with = new TokenRange(0, WithReader.behind(tokens));
        if (!tokens.isWord(with.to(), "select")) {
            throw ClauseSplit.unclear("it does not begin with SELECT");
        }
        this.clauses = ClauseSplit.of(tokens, with.to(), end);
        this.twins = new TokenTwins(tokens);
    }

    /**
     * Adds to the shape of a statement what this reading finds.
     *
     * @param last the last token of the statement
     * @param tree what was made of the statement
     * @param scope the scope of its FROM, null when there is no single one
     * @param reader what walked through the tree
     * @param whole whether the tree is of the whole statement, not of a query inside it
     */
    static ShardingShape addTo(
            ShardingShape shape,
            TokenList tokens,
            int last,
            Statement tree,
            @Nullable QueryScope scope,
            QueryTreeReader reader,
            TableReferences references,
            boolean whole) {
        try {
            if (!whole) {
                throw new RefusedStatement(RefusalCode.NOT_A_PLAIN_QUERY.because("the query is part of a command"));
            }
            if (reader.modifiesInWith()) {
                throw ClauseSplit.clause("a WITH that writes");
            }
            if (references.readsCatalog()) {
                throw new RefusedStatement(
                        RefusalCode.RELATION_ACROSS_SHARDS.because("the system catalogue is different on each shard"));
            }
            new QueryWords(tokens, 0, last + 1).refuse();
            return shape.scatteredAs(read(tokens, last + 1, tree, scope, reader));
        } catch (RefusedStatement e) {
            return shape.notScatteredFor(e.refusal());
        } catch (NullPointerException | ClassCastException | IndexOutOfBoundsException e) {
            // A part of the tree is missing that every such tree had so far.
            return shape.notScatteredFor(RefusalCode.CLAUSES_UNCLEAR.because("the parser's tree has an unknown form"));
        }
    }

    private static ScatterShape read(
            TokenList tokens, int end, Statement tree, @Nullable QueryScope scope, QueryTreeReader reader) {
        if (tree instanceof SetOperationList list) {
            return new CompoundReader(tokens, end, list, reader).read();
        }
        if (!(tree instanceof PlainSelect select) || scope == null) {
            throw new RefusedStatement(RefusalCode.NOT_A_PLAIN_QUERY.because("it is not one SELECT"));
        }
        Colocation.prove(scope);
        return new ScatterShapeReader(tokens, end, select, scope).read();
    }

    private ScatterShape read() {
        refuseDisagreement();
        SelectList list = SelectList.read(tokens, clauses.items(), select.getSelectItems());
        GroupReader groups = new GroupReader(tokens, select, scope, list, twins);
        List<GroupItem> groupBy = groups.read(clauses.groupBy());
        boolean grouped = !groupBy.isEmpty() || clauses.having() != null || list.hasAggregate() || orderHasAggregate();
        boolean groupsWhole = grouped && groups.hasKey();
        boolean distinctWhole = clauses.distinct() && list.hasKey(scope);
        if (clauses.distinct() && grouped && !(groupsWhole && distinctWhole)) {
            throw group("there is DISTINCT of rows that are groups");
        }
        WindowReader.requireKeys(scope, tokens, new TokenRange(with.to(), end));
        boolean whole = clauses.distinct() ? distinctWhole : groupsWhole;
        if (grouped && !groupsWhole && !scope.windows().isEmpty()) {
            throw ClauseSplit.clause("a window over groups");
        }
        if (grouped && !whole) {
            refusePartialGroups(list, groupBy);
        }
        boolean distinctOn = !clauses.distinctOn().isEmpty();
        if (distinctOn && !(DistinctOn.hasKey(select, scope) && (groupsWhole || !grouped))) {
            throw group("there is DISTINCT ON without a key");
        }
        if (!clauses.locks().isEmpty()) {
            refuseLocks(grouped || clauses.distinct() || distinctOn);
        }
        OrderReader order = new OrderReader(tokens, list, twins, scope.size() == 1);
        RowCountReader counts = new RowCountReader(tokens, clauses.tail());
        return new ScatterShape(
                end,
                new Frame(with, clauses.distinctOn(), clauses.locks()),
                clauses.distinct(),
                list.items(),
                clauses.body(),
                groupBy,
                clauses.having(),
                order.read(
                        clauses.orderBy(),
                        select.getOrderByElements(),
                        new OrderReader.Rows(clauses.distinct(), grouped && !whole, clauses.groupBy())),
                counts.limit(),
                counts.offset(),
                whole,
                twins.sameTexts());
    }

    private void refuseDisagreement() {
        boolean distinct = select.getDistinct() != null && !select.getDistinct().isUseUnique();
        boolean distinctOn = distinct && select.getDistinct().getOnSelectItems() != null;
        boolean agree = distinct == (clauses.distinct() || distinctOn)
                && distinctOn == !clauses.distinctOn().isEmpty()
                && (select.getForMode() == null && select.getForUpdate() == null)
                        == clauses.locks().isEmpty()
                && (select.getFromItem() == null) == clauses.body().isEmpty()
                && (select.getGroupBy() == null) == clauses.groupBy().isEmpty()
                && (select.getHaving() == null) == (clauses.having() == null)
                && (select.getOrderByElements() == null) == clauses.orderBy().isEmpty();
        if (!agree) {
            throw ClauseSplit.unclear("the parser finds other clauses");
        }
        if (clauses.having() != null) {
            Spelling.require(tokens, clauses.having(), select.getHaving());
        }
    }

    /** Rows of a reference table would be locked on some shards only. */
    private void refuseLocks(boolean grouped) {
        if (grouped || !clauses.orderBy().isEmpty() || !clauses.tail().isEmpty()) {
            throw ClauseSplit.clause("FOR with an order, a limit or groups");
        }
        if (!scope.hasOnlyShardedTables()) {
            throw new RefusedStatement(
                    RefusalCode.RELATION_ACROSS_SHARDS.because("it locks rows of what is no sharded table"));
        }
    }

    private boolean orderHasAggregate() {
        return clauses.orderBy().stream().anyMatch(entry -> Aggregates.find(tokens, entry) >= 0);
    }

    /** The shards have parts of groups: what is selected must be the group's own, or an aggregate that parts make up. */
    private void refusePartialGroups(SelectList list, List<GroupItem> groupBy) {
        if (clauses.having() != null) {
            throw group("there is HAVING, and the key is not grouped by");
        }
        for (int i = 0; i < list.size(); i++) {
            int index = i;
            Item item = list.item(i);
            if (item instanceof Star) {
                throw group("the select list has a star");
            }
            if (item instanceof Aggregate) {
                list.requireMergeable(i);
            } else if (item instanceof Plain plain) {
                boolean own = groupBy.stream().anyMatch(group -> group.item() == index)
                        || twins.indexOf(plain.expression(), clauses.groupBy(), true) >= 0
                        || list.isConstant(plain.expression());
                int aggregate = Aggregates.find(tokens, plain.expression());
                if (aggregate >= 0) {
                    throw new RefusedStatement(RefusalCode.AGGREGATE_ACROSS_SHARDS.because(tokens.name(aggregate)
                            + " is part of an expression, or has an order or several arguments"));
                }
                if (!own) {
                    throw group("entry " + (i + 1) + " of the select list is not grouped by");
                }
            }
        }
    }

    private static RefusedStatement group(String what) {
        return new RefusedStatement(RefusalCode.GROUP_ACROSS_SHARDS.because(what));
    }
}
