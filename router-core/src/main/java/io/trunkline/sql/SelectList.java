// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.Plain;
import io.trunkline.sql.ScatterShape.Star;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.SelectItem;
import org.jspecify.annotations.Nullable;

/** The select list of a query. */
final class SelectList {
    private final TokenList tokens;
    private final List<Entry> entries;

    private SelectList(TokenList tokens, List<Entry> entries) {
        this.tokens = tokens;
        this.entries = entries;
    }

    /**
     * One entry.
     *
     * @param expression without alias
     * @param call the aggregate it is, or null
     */
    private record Entry(
            TokenRange expression,
            @Nullable String alias,
            boolean star,
            Aggregates.@Nullable Call call,
            Expression tree) {}

    static SelectList read(TokenList tokens, List<TokenRange> ranges, List<SelectItem<?>> trees) {
        if (ranges.size() != trees.size()) {
            throw ClauseSplit.unclear("the parser finds another number of selected expressions");
        }
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < ranges.size(); i++) {
            entries.add(entry(tokens, ranges.get(i), trees.get(i)));
        }
        return new SelectList(tokens, entries);
    }

    private static Entry entry(TokenList tokens, TokenRange range, SelectItem<?> tree) {
        String alias =
                tree.getAlias() == null ? null : Names.fold(tree.getAlias().getName());
        TokenRange expression = alias == null ? range : withoutAlias(tokens, range, alias);
        int depth = 0;
        for (int i = expression.from(); i < expression.to(); i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            // Words that the comparison of spellings leaves out.
            if (depth == 0 && tokens.isWord(i, "as", "inner", "outer")) {
                throw ClauseSplit.unclear("an alias is written in an unusual way");
            }
        }
        Spelling.require(tokens, expression, tree.getExpression());
        boolean star = isStar(tokens, expression);
        if (star != tree.getExpression() instanceof AllColumns || star && alias != null) {
            throw ClauseSplit.unclear("a star is written in an unusual way");
        }
        return new Entry(expression, alias, star, Aggregates.read(tokens, expression), tree.getExpression());
    }

    private static TokenRange withoutAlias(TokenList tokens, TokenRange range, String alias) {
        int name = range.to() - 1;
        int behind = tokens.isWord(name - 1, "as") ? name - 1 : name;
        if (behind <= range.from()
                || !tokens.token(name).isName()
                || !tokens.name(name).equals(alias)) {
            throw ClauseSplit.unclear("an alias is written in an unusual way");
        }
        return new TokenRange(range.from(), behind);
    }

    /** {@code *}, {@code table.*}, {@code schema.table.*}. */
    private static boolean isStar(TokenList tokens, TokenRange range) {
        int i = range.from();
        while (tokens.token(i).isName() && tokens.isCharacter(i + 1, '.')) {
            i += 2;
        }
        return tokens.isCharacter(i, '*') && i + 1 == range.to();
    }

    int size() {
        return entries.size();
    }

    /** Returns the expressions, stars included. */
    List<TokenRange> expressions() {
        return entries.stream().map(Entry::expression).toList();
    }

    /** Returns the tree of an entry. */
    Expression tree(int i) {
        return entries.get(i).tree;
    }

    /** Returns whether the place of an entry in the list is that of its column in the result. */
    boolean hasFixedPlace(int i) {
        return entries.subList(0, i + 1).stream().noneMatch(Entry::star);
    }

    /** Returns an entry; one that is an aggregate of a simple form is an {@link Aggregate}. */
    Item item(int i) {
        Entry entry = entries.get(i);
        if (entry.star) {
            return new Star(entry.expression);
        }
        return entry.call == null
                ? new Plain(entry.expression, entry.alias)
                : entry.call.as(entry.expression, entry.alias);
    }

    List<Item> items() {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            items.add(item(i));
        }
        return items;
    }

    /** Returns true when an aggregate of this very query stands somewhere. */
    boolean hasAggregate() {
        return entries.stream().anyMatch(entry -> Aggregates.find(tokens, entry.expression) >= 0);
    }

    /** Refuses the query unless the aggregate that an entry is can be made of those of the shards. */
    void requireMergeable(int i) {
        Aggregates.Call call = entries.get(i).call;
        if (call != null) {
            requireMergeable(call);
        }
    }

    /** Refuses the query unless an aggregate can be made of those of the shards. */
    static void requireMergeable(Aggregates.Call call) {
        if (!call.isMergeable()) {
            throw new RefusedStatement(
                    RefusalCode.AGGREGATE_ACROSS_SHARDS.because("the aggregate is " + call.function()));
        }
    }

    /** Returns true when the selected columns include a key that tells on which shard the row was found. */
    boolean hasKey(QueryScope scope) {
        for (Entry entry : entries) {
            boolean key = entry.star ? isStarOfKey(entry, scope) : isKey(entry.tree, scope);
            if (key) {
                return true;
            }
        }
        return false;
    }

    private boolean isStarOfKey(Entry entry, QueryScope scope) {
        if (entry.expression.isSingle()) {
            return scope.keysSince(0).stream()
                    .anyMatch(key ->
                            isAmongColumns(key) && !key.columns().stream().allMatch(scope::isMerged));
        }
        KeyNode key = scope.keyOf(tokens.name(entry.expression.from()));
        boolean plain = entry.expression.to() - entry.expression.from() == 3;
        return plain && key != null && isAmongColumns(key);
    }

    private static boolean isAmongColumns(KeyNode key) {
        return !key.isNullable() && !key.columns().isEmpty();
    }

    /** Returns true for a column that is the key of a table whose row no outer join can have replaced by nulls. */
    static boolean isKey(Expression expression, QueryScope scope) {
        return scope.ownKey(expression) != null;
    }

    /** Returns true for a literal, parameter or constant word, maybe negative, maybe under one cast. */
    boolean isConstant(TokenRange expression) {
        int i = expression.from();
        if (tokens.isCharacter(i, '-')) {
            i++;
        }
        boolean constant = tokens.token(i).isLiteral()
                || tokens.token(i) == Token.PARAMETER
                || tokens.isWord(i, "null", "true", "false");
        boolean cast = expression.to() == i + 3
                && tokens.raw(i + 1).equals("::")
                && tokens.token(i + 2).isName();
        return constant && (expression.to() == i + 1 || cast);
    }

    /** Returns true when a name may be that of a result column which is not the column of that name in FROM. */
    boolean givesNameToOther(String name, TokenTwins twins) {
        return entries.stream().anyMatch(entry -> !entry.star && givesName(entry, name, twins));
    }

    private boolean givesName(Entry entry, String name, TokenTwins twins) {
        TokenRange expression = entry.expression;
        boolean column = twins.isColumn(expression);
        boolean ofThatName = column && tokens.name(expression.to() - 1).equals(name);
        if (entry.alias != null) {
            return entry.alias.equals(name) && !ofThatName;
        }
        // A column's own name is no other. Anything else is named by a function, type or column in it.
        return !column && mentions(expression, name);
    }

    private boolean mentions(TokenRange expression, String name) {
        if (isCall(expression)) {
            return tokens.name(expression.from()).equals(name);
        }
        for (int i = expression.from(); i < expression.to(); i++) {
            if (tokens.token(i).isName() && tokens.name(i).equals(name)) {
                return true;
            }
        }
        return false;
    }

    private boolean isCall(TokenRange expression) {
        int i = expression.from();
        return tokens.token(i).isName()
                && tokens.isCharacter(i + 1, '(')
                && tokens.behindGroup(i + 1) == expression.to();
    }

    /** Returns the only entry that is given a name by the statement and may be grouped by, or -1. */
    int entryCalled(String name) {
        int found = -1;
        for (int i = 0; i < entries.size(); i++) {
            if (name.equals(entries.get(i).alias)) {
                if (found >= 0 || Aggregates.find(tokens, entries.get(i).expression) >= 0) {
                    return -1;
                }
                found = i;
            }
        }
        return found;
    }

    /** Returns true when a bare name in an entry can mean nothing but a column of FROM, so that there is one. */
    boolean usesColumn(String name, TokenTwins twins) {
        for (Entry entry : entries) {
            TokenRange expression = entry.expression;
            for (int i = expression.from(); i < expression.to() && !hasQuery(expression); i++) {
                boolean named = twins.isColumn(new TokenRange(i, i + 1))
                        && tokens.name(i).equals(name);
                if (named && isOperandBegun(i, expression) && isOperandEnded(i + 1, expression)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean hasQuery(TokenRange expression) {
        for (int i = expression.from(); i < expression.to(); i++) {
            if (tokens.isWord(i, "select", "values", "table")) {
                return true;
            }
        }
        return false;
    }

    private boolean isOperandBegun(int i, TokenRange expression) {
        boolean punctuation =
                tokens.isCharacter(i - 1, '(') || tokens.isCharacter(i - 1, ',') || tokens.isCharacter(i - 1, '[');
        return i == expression.from()
                || punctuation
                || tokens.token(i - 1) == Token.OPERATOR
                || tokens.isWord(i - 1, "case", "when", "then", "else", "and", "or");
    }

    private boolean isOperandEnded(int i, TokenRange expression) {
        boolean punctuation = tokens.isCharacter(i, ')') || tokens.isCharacter(i, ',') || tokens.isCharacter(i, ']');
        return i == expression.to()
                || punctuation
                || tokens.token(i) == Token.OPERATOR && !tokens.raw(i).equals("=>")
                || tokens.isWord(i, "when", "then", "else", "end", "and", "or", "is")
                || tokens.token(i) == Token.PUNCTUATION && tokens.raw(i).equals("::");
    }

    /** Returns true when an entry names its column so. */
    boolean givesName(String name, TokenTwins twins) {
        return givesNameToOther(name, twins)
                || entries.stream()
                        .anyMatch(entry -> entry.alias == null
                                ? twins.isColumn(entry.expression)
                                        && tokens.name(entry.expression.to() - 1)
                                                .equals(name)
                                : entry.alias.equals(name));
    }
}
