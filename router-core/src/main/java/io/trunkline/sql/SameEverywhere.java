// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.CopyWrite.TimeCall;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A look at every token of a write that several servers run, each on its own copy of the rows, for what could make their copies different: what depends on
 * the order of rows, on the server, or on the moment.
 *
 * <p>What functions and operators do is for the servers to say. Beside {@link QueryWords}.
 */
final class SameEverywhere {
    private static final Set<String> MOMENTS = Set.of(
            "date", "time", "timetz", "timestamp", "timestamptz", "abstime", "tsrange", "tstzrange", "daterange");

    /** Types whose values stand for objects of one server. */
    private static final Set<String> OBJECTS = Set.of(
            "oid",
            "regclass",
            "regcollation",
            "regconfig",
            "regdatabase",
            "regdictionary",
            "regnamespace",
            "regoper",
            "regoperator",
            "regproc",
            "regprocedure",
            "regrole",
            "regtype");

    private final TokenList tokens;
    private final int end;

    SameEverywhere(TokenList tokens, int end) {
        this.tokens = tokens;
        this.end = end;
    }

    /** Refuses the write if there is such a thing. */
    void refuseOthers() {
        for (int i = 0; i < end; i++) {
            if (!tokens.token(i).isName()) {
                continue;
            }
            if (tokens.token(i) == Token.IDENTIFIER && !tokens.isCharacter(i - 1, '.')) {
                refuseWord(i);
            }
            String aggregate = Aggregates.calledAt(tokens, i);
            if (aggregate != null && !aggregate.equals("count")) {
                throw CopyWriteReader.copies("it has " + aggregate + ", whose value may depend on the order of rows");
            }
            refuseType(i);
        }
    }

    private void refuseWord(int i) {
        switch (tokens.name(i)) {
            // A default may be anything; of equal values, any may be the one that is kept.
            case "default",
                    "distinct",
                    "fetch",
                    "group",
                    "lateral",
                    "limit",
                    "offset",
                    "over",
                    "union",
                    "intersect",
                    "except",
                    "current_catalog",
                    "current_schema",
                    "current_time",
                    "localtime" -> {
                boolean comparison = tokens.isWord(i, "distinct") && ClauseSplit.isDistinctFrom(tokens, i + 1);
                if (!comparison) {
                    throw CopyWriteReader.word(tokens.name(i));
                }
            }
            case "for" -> {
                if (tokens.isWord(i + 1, "update", "share", "no", "key")) {
                    throw CopyWriteReader.word("for");
                }
            }
            case "current_timestamp", "localtimestamp" -> {
                if (tokens.isCharacter(i + 1, '(')) {
                    throw CopyWriteReader.copies("it asks for the time with so many digits");
                }
            }
            case "array" -> {
                if (tokens.isCharacter(i + 1, '(')) {
                    throw CopyWriteReader.copies("it makes an array, which has an order");
                }
            }
            default -> {
                // the same everywhere
            }
        }
    }

    /** A cast to a time reads words such as 'today', which may come from anywhere but a constant or parameter; numbers of objects differ from server to server. */
    private void refuseType(int i) {
        String name = tokens.name(i);
        if (OBJECTS.contains(name)) {
            throw CopyWriteReader.copies("it may be about the number that an object has on one server");
        }
        if (!MOMENTS.contains(name)) {
            return;
        }
        int type = tokens.isCharacter(i - 1, '.') ? i - 2 : i;
        int operand = type - 2;
        boolean known = tokens.token(operand).isLiteral() || tokens.token(operand) == Token.PARAMETER;
        boolean computed = isCast(type - 1) && !known
                || tokens.isWord(type - 1, "as") && !(known && tokens.isCharacter(operand - 1, '('));
        if (computed) {
            throw CopyWriteReader.copies("it makes a time of a computed value");
        }
    }

    private boolean isCast(int i) {
        return tokens.token(i) == Token.PUNCTUATION && tokens.raw(i).equals("::");
    }

    /** Returns the calls that ask for the time. */
    List<TimeCall> times() {
        List<TimeCall> times = new ArrayList<>();
        for (int i = 0; i < end; i++) {
            TimeFunction function = TimeFunction.at(tokens, i);
            if (function != null) {
                int from = tokens.isCharacter(i - 1, '.') ? i - 2 : i;
                int to = tokens.isCharacter(i + 1, '(') ? i + 3 : i + 1;
                times.add(new TimeCall(new TokenRange(from, to), function));
            }
        }
        return times;
    }

    /** Returns the functions called, but for those. */
    Set<String> functions() {
        Set<String> names = new HashSet<>(new CalledFunctions(tokens, new TokenRange(0, end)).names());
        boolean others = false;
        for (int i = 0; i < end; i++) {
            // One of the name that is somebody else's counts.
            boolean named = tokens.token(i).isName()
                    && Set.of("now", "transaction_timestamp").contains(tokens.name(i));
            others |= named && TimeFunction.at(tokens, i) == null;
        }
        if (!others) {
            names.removeAll(
                    Set.of("now", "pg_catalog.now", "transaction_timestamp", "pg_catalog.transaction_timestamp"));
        }
        return names;
    }
}
