// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Finish;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Substitute;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads expressions over the groups of several shards: which stretches of them are aggregates or grouped expressions, whose values the groups have, and that nothing
 * else in them depends on rows.
 *
 * <p>A grouped expression is found where its tokens stand as one operand: a column by itself, a call, something in parentheses, each maybe under casts, or whatever
 * begins and ends at a parenthesis or comma or with the expression. {@code a + b} is no part of {@code a + b * 2}.
 */
final class FinishReader {
    private final TokenList tokens;
    private final TokenTwins twins;
    private final ExpressionWords words;
    private final List<TokenRange> groups = new ArrayList<>();
    private final List<Aggregate> aggregates = new ArrayList<>();
    private final List<Substitute> substitutes = new ArrayList<>();

    FinishReader(TokenList tokens, TokenTwins twins, List<GroupItem> groupBy, SelectList list) {
        this.tokens = tokens;
        this.twins = twins;
        this.words = new ExpressionWords(tokens);
        for (GroupItem group : groupBy) {
            TokenRange expression =
                    group.item() < 0 ? group.expression() : list.expressions().get(group.item());
            refuseCollation(expression);
            groups.add(expression);
        }
    }

    /** Reads an expression; one stretch is read only once. */
    void read(TokenRange expression) {
        int i = expression.from();
        while (i < expression.to()) {
            int behind = behindGroup(i, expression);
            if (behind < 0) {
                behind = behindAggregate(i, expression);
            }
            i = behind < 0 ? words.behind(i, expression) : behind;
        }
        if (i > expression.to()) {
            throw ClauseSplit.unclear("an expression ends in another place");
        }
    }

    /**
     * Returns what was found.
     *
     * @param isNeeded whether more is asked for than groups
     */
    Finish finish(boolean isNeeded) {
        if (groups.isEmpty() && aggregates.isEmpty()) {
            throw new RefusedStatement(
                    RefusalCode.GROUP_ACROSS_SHARDS.because("there is nothing that the groups are made of"));
        }
        return new Finish(isNeeded, aggregates, substitutes);
    }

    // grouped expressions

    private int behindGroup(int i, TokenRange expression) {
        boolean begins = i == expression.from();
        boolean timeZone = !begins && tokens.isSequence(i, "at", "time", "zone");
        if (groups.isEmpty() || timeZone || !begins && tokens.isCharacter(i - 1, '.')) {
            return -1;
        }
        boolean delimited = begins || tokens.isCharacter(i - 1, '(') || tokens.isCharacter(i - 1, ',');
        if (delimited) {
            int behind = match(i, operandEnd(i, expression));
            if (behind >= 0) {
                return behind;
            }
        }
        List<Integer> ends = new ArrayList<>();
        int end = primaryEnd(i, expression);
        while (end >= 0) {
            ends.add(end);
            boolean cast = end < expression.to() && tokens.raw(end).equals("::");
            end = cast ? words.behindType(end + 1) : -1;
        }
        for (int k = ends.size() - 1; k >= 0; k--) {
            int behind = match(i, ends.get(k));
            if (behind >= 0) {
                return behind;
            }
        }
        return -1;
    }

    private int match(int from, int to) {
        TokenRange range = new TokenRange(from, to);
        int group = twins.indexOf(range, groups, true);
        if (group < 0) {
            return -1;
        }
        substitutes.add(new Substitute(range, group));
        return to;
    }

    /** Returns where the operand ends that began behind a parenthesis or comma. */
    private int operandEnd(int from, TokenRange expression) {
        int depth = 0;
        for (int i = from; i < expression.to(); i++) {
            if (depth == 0
                    && (tokens.isCharacter(i, ',') || tokens.isCharacter(i, ')') || tokens.isCharacter(i, ']'))) {
                return i;
            }
            depth += ClauseSplit.depthChange(tokens, i);
        }
        return expression.to();
    }

    /** Returns where a column, a call or a group in parentheses ends that begins at a token, or -1 when none does. */
    private int primaryEnd(int i, TokenRange expression) {
        if (tokens.isCharacter(i, '(')) {
            return within(tokens.behindGroup(i), expression);
        }
        int k = i;
        while (tokens.token(k).isName() && tokens.isCharacter(k + 1, '.')) {
            k += 2;
        }
        if (!tokens.token(k).isName()) {
            return -1;
        }
        if (tokens.isCharacter(k + 1, '(')) {
            return within(tokens.behindGroup(k + 1), expression);
        }
        boolean column = twins.isColumn(new TokenRange(i, k + 1)) && tokens.token(k + 1) != Token.STRING;
        return column ? within(k + 1, expression) : -1;
    }

    private static int within(int end, TokenRange expression) {
        return end <= expression.to() ? end : -1;
    }

    // aggregates

    private int behindAggregate(int i, TokenRange expression) {
        boolean qualified = tokens.isWord(i, "pg_catalog") && tokens.isCharacter(i + 1, '.');
        int name = qualified ? i + 2 : i;
        String function = name < expression.to() ? Aggregates.calledAt(tokens, name) : null;
        if (function == null) {
            return -1;
        }
        if (Aggregates.isCollected(function)) {
            Aggregate collected = new CollectedReader(tokens, twins, words).read(i, name);
            substitutes.add(new Substitute(collected.call(), groups.size() + aggregates.size()));
            aggregates.add(collected);
            return collected.call().to();
        }
        Aggregates.Call call = Aggregates.callAt(tokens, i);
        if (call == null) {
            boolean form = Aggregates.isMergeable(function);
            throw new RefusedStatement(RefusalCode.AGGREGATE_ACROSS_SHARDS.because(
                    form ? function + " has an order or several arguments" : "the aggregate is " + function));
        }
        SelectList.requireMergeable(call);
        TokenRange range = new TokenRange(i, call.end());
        refuseCollation(range);
        substitutes.add(new Substitute(range, groups.size() + aggregates.size()));
        aggregates.add(call.as(range, null));
        return call.end();
    }

    /** A value comes without the collation it was given. */
    private void refuseCollation(TokenRange range) {
        for (int i = range.from(); i < range.to(); i++) {
            if (tokens.isWord(i, "collate")) {
                throw new RefusedStatement(
                        RefusalCode.GROUP_ACROSS_SHARDS.because("a grouped or aggregated expression has COLLATE"));
            }
        }
    }
}
