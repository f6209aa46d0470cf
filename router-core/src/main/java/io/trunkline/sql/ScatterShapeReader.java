// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Finish;
import io.trunkline.sql.ScatterShape.Frame;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.Plain;
import io.trunkline.sql.ScatterShape.Star;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
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
    /** The expressions that are grouped by. */
    private List<TokenRange> grouped = List.of();

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
        grouped = groupBy.stream()
                .map(group -> group.item() < 0
                        ? group.expression()
                        : list.expressions().get(group.item()))
                .toList();
        boolean isGrouped =
                !groupBy.isEmpty() || clauses.having() != null || list.hasAggregate() || orderHasAggregate();
        boolean groupsWhole = isGrouped && groups.hasKey();
        boolean distinctWhole = clauses.distinct() && list.hasKey(scope);
        WindowReader.requireKeys(scope, tokens, new TokenRange(with.to(), end));
        boolean distinctOn = !clauses.distinctOn().isEmpty();
        if (distinctOn && !(DistinctOn.hasKey(select, scope) && (groupsWhole || !isGrouped))) {
            throw group("there is DISTINCT ON without a key");
        }
        if (!clauses.locks().isEmpty()) {
            refuseLocks(isGrouped || clauses.distinct() || distinctOn);
        }
        boolean whole = clauses.distinct() ? distinctWhole && (groupsWhole || !isGrouped) : groupsWhole;
        boolean partial = isGrouped && !whole;
        if (partial && !scope.windows().isEmpty()) {
            throw ClauseSplit.clause("a window over groups");
        }
        List<OrderItem> orderBy = new OrderReader(tokens, list, twins, scope.size() == 1)
                .read(
                        clauses.orderBy(),
                        select.getOrderByElements(),
                        new OrderReader.Rows(clauses.distinct(), partial, grouped));
        Finish finish = partial ? finish(list, groupBy, orderBy) : null;
        RowCountReader counts = new RowCountReader(tokens, clauses.tail());
        return new ScatterShape(
                end,
                new Frame(with, clauses.distinctOn(), clauses.locks()),
                clauses.distinct(),
                list.items(),
                clauses.body(),
                groupBy,
                clauses.having(),
                orderBy,
                counts.limit(),
                counts.offset(),
                whole,
                twins.sameTexts(),
                groups.resultNames(),
                finish);
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

    /** The shards have parts of groups: what they make up is all that is asked for, or else something must be computed of it. */
    private @Nullable Finish finish(SelectList list, List<GroupItem> groupBy, List<OrderItem> orderBy) {
        if (list.items().stream().anyMatch(Star.class::isInstance)) {
            throw group("the select list has a star");
        }
        if (isOfGroups(list, groupBy, orderBy)) {
            for (int i = 0; i < list.size(); i++) {
                list.requireMergeable(i);
            }
            return orderBy.isEmpty() ? null : finishForOrder(list, groupBy, orderBy);
        }
        return readFinish(list, groupBy, orderBy, true);
    }

    private @Nullable Finish finishForOrder(SelectList list, List<GroupItem> groupBy, List<OrderItem> orderBy) {
        try {
            return readFinish(list, groupBy, orderBy, false);
        } catch (RefusedStatement e) {
            // Then the router orders them, if it can.
            return null;
        }
    }

    private Finish readFinish(SelectList list, List<GroupItem> groupBy, List<OrderItem> orderBy, boolean isNeeded) {
        FinishReader reader = new FinishReader(tokens, twins, groupBy, list);
        list.expressions().forEach(reader::read);
        if (clauses.having() != null) {
            reader.read(clauses.having());
        }
        for (OrderItem item : orderBy) {
            boolean read = switch (item.kind()) {
                case ORDINAL -> false;
                // Else it is the name of a column of the result.
                case NAME -> isGrouped(item.expression());
                case EXPRESSION -> true;
            };
            if (read) {
                reader.read(item.expression());
            }
        }
        Finish finish = reader.finish(isNeeded);
        return haveSeveralDistinct(finish.aggregates())
                ? new Finish(
                        true,
                        finish.aggregates().stream()
                                .map(CollectedReader::collected)
                                .toList(),
                        finish.substitutes())
                : finish;
    }

    /** Rows can be sorted by one argument only, for equal ones to follow each other. */
    private boolean haveSeveralDistinct(List<? extends Item> items) {
        List<TokenRange> arguments = new ArrayList<>();
        for (Item item : items) {
            TokenRange argument = item instanceof Aggregate call && call.distinct() ? call.argument() : null;
            if (argument != null && arguments.isEmpty()) {
                arguments.add(argument);
            } else if (argument != null && twins.indexOf(argument, arguments, true) < 0) {
                return true;
            }
        }
        return false;
    }

    /** Returns true when nothing is asked for but grouped expressions, constants and aggregates for themselves. */
    private boolean isOfGroups(SelectList list, List<GroupItem> groupBy, List<OrderItem> orderBy) {
        if (clauses.having() != null || clauses.distinct()) {
            return false;
        }
        if (list.items().stream().anyMatch(ScatterShapeReader::isCollected) || haveSeveralDistinct(list.items())) {
            return false;
        }
        boolean rowOfNothing = groupBy.isEmpty() && list.items().stream().anyMatch(ScatterShapeReader::isDistinct);
        for (int i = 0; i < list.size(); i++) {
            int index = i;
            if (rowOfNothing && list.item(i) instanceof Plain) {
                // Where there are no rows, no shard says what the constant is.
                return false;
            }
            boolean own = !(list.item(i) instanceof Plain plain)
                    || groupBy.stream().anyMatch(group -> group.item() == index)
                    || isGrouped(plain.expression())
                    || list.isConstant(plain.expression());
            if (!own) {
                return false;
            }
        }
        return orderBy.stream()
                .allMatch(item -> item.kind() != OrderItem.Kind.EXPRESSION || isGrouped(item.expression()));
    }

    private static boolean isCollected(Item item) {
        return item instanceof Aggregate call && Aggregates.isCollected(call.function());
    }

    private static boolean isDistinct(Item item) {
        return item instanceof Aggregate call && call.distinct();
    }

    private boolean isGrouped(TokenRange expression) {
        return twins.indexOf(expression, grouped, true) >= 0;
    }

    private static RefusedStatement group(String what) {
        return new RefusedStatement(RefusalCode.GROUP_ACROSS_SHARDS.because(what));
    }
}
