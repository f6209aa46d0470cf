// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Collected;
import io.trunkline.sql.ScatterShape.Repeats;
import io.trunkline.sql.ScatterShape.RowValue;
import io.trunkline.sql.ScatterShape.Substitute;
import io.trunkline.sql.ScatterShape.Tie;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one call of an aggregate that only all its rows together give: {@code name([DISTINCT] arguments [ORDER BY order]) [WITHIN GROUP (ORDER BY order)] [FILTER (WHERE predicate)]}.
 *
 * <p>What it sees of a row are its arguments and what it orders by. Constants among them stay in the call, for a literal may have no type but the one the call gives it. The
 * FILTER is the shards' alone: rows that it leaves out are not sent.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-expressions.html#SYNTAX-AGGREGATES">Aggregate expressions</a>
 */
final class CollectedReader {
    /** Far more than any function has arguments. */
    private static final int VALUES_MAX = 64;

    private final TokenList tokens;
    private final TokenTwins twins;
    private final ExpressionWords words;
    private final List<RowValue> values = new ArrayList<>();
    private final List<Substitute> places = new ArrayList<>();
    private String function = "";
    private boolean distinct;
    private boolean ordered;

    CollectedReader(TokenList tokens, TokenTwins twins, ExpressionWords words) {
        this.tokens = tokens;
        this.twins = twins;
        this.words = words;
    }

    /**
     * Returns the call.
     *
     * @param from its first token
     * @param name the token of its name, behind a schema
     * @throws RefusedStatement when it cannot be told what it sees of a row
     */
    Aggregate read(int from, int name) {
        function = tokens.name(name);
        int end = tokens.behindGroup(name + 1);
        boolean withinGroup = tokens.isSequence(end, "within", "group") && tokens.isCharacter(end + 2, '(');
        TokenRange inside = new TokenRange(name + 2, end - 1);
        if (withinGroup) {
            readConstants(inside);
            end = readWithinGroup(end + 2);
        } else {
            readArguments(inside);
        }
        TokenRange call = new TokenRange(from, end);
        TokenRange filter = null;
        if (tokens.isWord(end, "filter") && tokens.isCharacter(end + 1, '(')) {
            int behind = tokens.behindGroup(end + 1);
            filter = filter(new TokenRange(end + 2, behind - 1));
            end = behind;
        }
        if (values.isEmpty()) {
            throw refused("sees nothing of its rows but constants");
        }
        Tie tie = withinGroup || distinct ? Tie.NONE : ordered ? Tie.LAST_OF_ORDER : Tie.ORDER;
        Repeats repeats = distinct ? Repeats.ARE_LEFT_OUT : Repeats.COUNT;
        Collected collected = new Collected(call, values, places, repeats, tie);
        return new Aggregate(new TokenRange(from, end), function, null, false, filter, null, collected);
    }

    /** Returns an aggregate of which equal arguments count once as one that is made of its rows; any other as it is. */
    static Aggregate collected(Aggregate call) {
        TokenRange argument = call.argument();
        if (!call.distinct() || argument == null) {
            return call;
        }
        // FILTER ( WHERE
        int end = call.filter() == null ? call.call().to() : call.filter().from() - 3;
        Collected collected = new Collected(
                new TokenRange(call.call().from(), end),
                List.of(new RowValue(argument, null)),
                List.of(new Substitute(argument, 0)),
                Repeats.ARE_LEFT_OUT,
                Tie.NONE);
        return new Aggregate(call.call(), call.function(), null, false, call.filter(), call.alias(), collected);
    }

    /** The direct arguments of an ordered-set aggregate: nothing in them depends on rows. */
    private void readConstants(TokenRange inside) {
        int i = inside.from();
        while (i < inside.to()) {
            i = words.behind(i, inside);
        }
        if (i > inside.to()) {
            throw ClauseSplit.unclear("an expression ends in another place");
        }
    }

    private int readWithinGroup(int open) {
        int behind = tokens.behindGroup(open);
        if (!tokens.isSequence(open + 1, "order", "by")) {
            throw refused("has no order in its group");
        }
        readOrder(new TokenRange(open + 3, behind - 1));
        return behind;
    }

    private void readArguments(TokenRange inside) {
        if (tokens.isWord(inside.from(), "all", "variadic") || tokens.isCharacter(inside.from(), '*')) {
            throw refused("has no plain arguments");
        }
        distinct = tokens.isWord(inside.from(), "distinct");
        int order = orderBy(inside);
        TokenRange arguments = new TokenRange(inside.from() + (distinct ? 1 : 0), order < 0 ? inside.to() : order);
        if (arguments.isEmpty()) {
            throw refused("has no arguments");
        }
        List<TokenRange> list = ClauseSplit.list(tokens, arguments.from(), arguments.to(), VALUES_MAX);
        for (int i = 0; i < list.size(); i++) {
            TokenRange argument = list.get(i);
            refuseCollation(argument);
            if (tokens.isWord(argument.from(), "variadic") || hasNamedNotation(argument)) {
                throw refused("has no plain arguments");
            }
            add(argument, sentBy(i));
        }
        if (order >= 0) {
            ordered = true;
            readOrder(new TokenRange(order + 2, inside.to()));
        }
    }

    /** Whatever type it is of, a value in JSON is made of the JSON that each value is. Not so the text of {@code json_agg}, which breaks lines between rows of a table. */
    private @Nullable String sentBy(int argument) {
        int value = function.startsWith("jsonb_object_agg") ? 1 : 0;
        return function.startsWith("jsonb_") && !distinct && argument == value ? "to_jsonb" : null;
    }

    private boolean hasNamedNotation(TokenRange argument) {
        String second = argument.isSingle() ? "" : tokens.raw(argument.from() + 1);
        return second.equals("=>") || second.equals(":=");
    }

    /** Returns where ORDER BY stands outside of all parentheses, or -1. */
    private int orderBy(TokenRange range) {
        int depth = 0;
        for (int i = range.from(); i < range.to(); i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            if (depth == 0 && tokens.isSequence(i, "order", "by")) {
                return i;
            }
        }
        return -1;
    }

    private void readOrder(TokenRange range) {
        for (TokenRange entry : ClauseSplit.list(tokens, range.from(), range.to(), VALUES_MAX)) {
            int behind = entry.to();
            boolean nulls = tokens.isWord(behind - 2, "nulls") && tokens.isWord(behind - 1, "first", "last");
            behind -= nulls ? 2 : 0;
            behind -= tokens.isWord(behind - 1, "asc", "desc") ? 1 : 0;
            TokenRange expression = new TokenRange(entry.from(), behind);
            if (behind <= entry.from() || ClauseSplit.indexOutside(tokens, entry.from(), behind, "using") >= 0) {
                throw refused("has an order that is not read");
            }
            add(expression, null);
        }
    }

    private void add(TokenRange expression, @Nullable String sentBy) {
        if (isConstant(expression)) {
            return;
        }
        int value = sentBy == null ? indexOf(expression) : -1;
        if (value < 0) {
            if (distinct && ordered) {
                // To PostgreSQL it may be an argument in other words; to the shard that sees columns it is not.
                throw refused("has DISTINCT and orders by what is no argument word for word");
            }
            value = values.size();
            values.add(new RowValue(expression, sentBy));
        }
        places.add(new Substitute(expression, value));
    }

    private int indexOf(TokenRange expression) {
        List<TokenRange> known = new ArrayList<>();
        // What is sent in place of a value is not the value.
        values.forEach(value -> known.add(value.sentBy() == null ? value.expression() : new TokenRange(0, 0)));
        return distinct ? twins.indexOf(expression, known, true) : twins.indexOfCertain(expression, known, false);
    }

    /** Returns true for a literal, parameter or constant word, maybe negative, in parentheses or under casts. */
    private boolean isConstant(TokenRange expression) {
        int from = expression.from();
        int to = expression.to();
        while (tokens.isCharacter(from, '(') && tokens.behindGroup(from) == to) {
            from++;
            to--;
        }
        from += tokens.isCharacter(from, '-') ? 1 : 0;
        boolean constant = tokens.token(from).isLiteral()
                || tokens.token(from) == Token.PARAMETER
                || tokens.isWord(from, "null", "true", "false");
        int end = from + 1;
        while (constant && end < to && tokens.raw(end).equals("::")) {
            end = words.behindType(end + 1);
        }
        return constant && end == to;
    }

    /**
     * Each value is sent as an array of its own, so that each must be of the same rows: the FILTER may not choose others each time.
     *
     * @param inside WHERE and the predicate
     */
    private TokenRange filter(TokenRange inside) {
        if (!tokens.isWord(inside.from(), "where") || inside.isSingle()) {
            throw refused("has a FILTER that is not read");
        }
        TokenRange predicate = new TokenRange(inside.from() + 1, inside.to());
        for (int i = predicate.from(); values.size() > 1 && i < predicate.to(); i++) {
            boolean called = tokens.token(i).isName() && tokens.isCharacter(i + 1, '(');
            boolean known = tokens.token(i) == Token.IDENTIFIER
                    && (KnownFunctions.isSafe(tokens.name(i)) || Keywords.isSyntax(tokens.name(i)));
            boolean own = !tokens.isCharacter(i - 1, '.') || tokens.isWord(i - 2, "pg_catalog");
            if (called && !(known && own)) {
                throw refused("has a FILTER that calls " + tokens.raw(i));
            }
        }
        return predicate;
    }

    /** A value comes without the collation it was given, which the aggregate would have, too. */
    private void refuseCollation(TokenRange argument) {
        for (int i = argument.from(); i < argument.to(); i++) {
            if (tokens.isWord(i, "collate")) {
                throw new RefusedStatement(
                        RefusalCode.GROUP_ACROSS_SHARDS.because("a grouped or aggregated expression has COLLATE"));
            }
        }
    }

    private RefusedStatement refused(String what) {
        return new RefusedStatement(RefusalCode.AGGREGATE_ACROSS_SHARDS.because(function + " " + what));
    }
}
