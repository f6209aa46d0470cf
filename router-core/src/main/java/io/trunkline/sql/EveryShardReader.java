// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.EveryShardCommand.Form;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads from the tokens of a definition or maintenance command how it may run on every shard, or why it may not.
 *
 * <p>What it does to rows must not depend on the shard: a table that is filled by a query would have another part of the rows everywhere, and a new
 * column other values in each copy of a reference table.
 */
final class EveryShardReader {
    /** What is not there in each database, or not in a transaction. */
    private static final Set<String> OF_ONE_SERVER = Set.of("database", "tablespace", "subscription", "system");

    private static final Set<String> SERIAL =
            Set.of("serial", "bigserial", "smallserial", "serial2", "serial4", "serial8");

    private final TokenList tokens;
    private final TableDirectory directory;
    private boolean storesText;

    EveryShardReader(TokenList tokens, TableDirectory directory) {
        this.tokens = tokens;
        this.directory = directory;
    }

    /** Returns the shape of a command of a kind that concerns every shard. */
    ShardingShape read(StatementKind kind) {
        refuseOneShardSchemas();
        Form form = switch (kind) {
            case DDL -> definition();
            case TRUNCATE -> Form.DEFINITION;
            case LOCK -> Form.IN_BLOCK;
            default -> maintenance();
        };
        return ShardingShape.of(ShardingShape.Reach.EVERY_SHARD).spreadAs(new EveryShardCommand(form, storesText));
    }

    /** What lies in a schema of one shard alone runs there; beside other things it is nobody's to place. */
    private void refuseOneShardSchemas() {
        boolean mayBeThere = directory.home() != null;
        for (int i = 0; i < tokens.size() && !mayBeThere; i++) {
            mayBeThere = tokens.token(i) == Token.UNICODE_IDENTIFIER
                    || tokens.token(i).isName() && directory.shardOfSchema(tokens.name(i)) != TableDirectory.NO_SHARD;
        }
        if (mayBeThere) {
            throw oneShard("it may be about a schema that is whole on one shard, and about others");
        }
    }

    private Form definition() {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isWord(i, "temp", "temporary") || startsWith(i, "pg_temp")) {
                throw oneShard("temporary objects belong to one session on one shard");
            }
        }
        int object = object();
        if (tokens.token(object).isName() && OF_ONE_SERVER.contains(tokens.name(object))) {
            boolean set =
                    tokens.isWord(0, "alter") && tokens.isWord(object, "database") && has("set") && !has("tablespace");
            boolean described = !tokens.isWord(0, "create", "alter", "drop");
            if (!set && !described) {
                throw oneShard("it is about a " + tokens.name(object) + ", which belongs to one server");
            }
        }
        if (has("materialized") || tokens.isWord(0, "create") && isFilled(object)) {
            throw rows("a query fills the table, and finds other rows on each shard");
        }
        if (tokens.isSequence(0, "alter", "table")) {
            refuseNewValues();
        }
        return has("concurrently") ? Form.SEPARATELY : Form.DEFINITION;
    }

    /** Returns where the word stands that says what is created, altered or dropped. */
    private int object() {
        int i = 1;
        while (tokens.isWord(i, "or", "replace", "global", "local", "unlogged", "unique", "foreign", "recursive")) {
            i++;
        }
        return i;
    }

    /** CREATE TABLE ... AS; inside of parentheses the word belongs to a column. */
    private boolean isFilled(int object) {
        return tokens.isWord(object, "table") && ClauseSplit.indexOutside(tokens, object, tokens.size(), "as") > 0;
    }

    private void refuseNewValues() {
        int i = 2;
        while (tokens.isWord(i, "if", "exists", "only")) {
            i++;
        }
        if (use(i) instanceof TableUse.Sharded sharded) {
            // Each row is on one shard, by its key.
            refuseOtherKeys(sharded.keyColumn(), i);
            return;
        }
        for (int k = i; k < tokens.size(); k++) {
            boolean computed = tokens.isWord(k, "using") && !tokens.isWord(k + 1, "index")
                    || tokens.isWord(k, "identity")
                    || tokens.token(k).isName() && SERIAL.contains(tokens.name(k))
                    || tokens.isWord(k, "default") && !tokens.isWord(k - 1, "set", "drop") && !isConstant(k + 1);
            if (computed) {
                throw rows("rows that are there get values that may differ from shard to shard; "
                        + "add the column without them, and set them by UPDATE");
            }
        }
    }

    /** Another type may make another value of a key, whose row would then be on the wrong shard. */
    private void refuseOtherKeys(String key, int from) {
        for (int k = from; k < tokens.size(); k++) {
            if (!tokens.isWord(k, "alter")) {
                continue;
            }
            int column = tokens.isWord(k + 1, "column") ? k + 2 : k + 1;
            int behind = tokens.behindEscape(column);
            boolean retyped = tokens.isWord(behind, "type") || tokens.isSequence(behind, "set", "data", "type");
            if (retyped && tokens.token(column).isName() && tokens.name(column).equals(key)) {
                throw rows("the key of rows that are there would be converted where they are");
            }
        }
    }

    private @Nullable TableUse use(int i) {
        if (!tokens.token(i).isName() || tokens.token(i) == Token.UNICODE_IDENTIFIER) {
            return null;
        }
        boolean qualified =
                tokens.isCharacter(i + 1, '.') && tokens.token(i + 2).isName();
        return qualified
                ? directory.lookup(tokens.name(i), tokens.name(i + 2))
                : directory.lookup(null, tokens.name(i));
    }

    /** A constant, with its type at most; whether it is a word such as 'now', which each server reads anew, its text tells when it runs. */
    private boolean isConstant(int i) {
        int value = tokens.isCharacter(i, '-') ? i + 1 : i;
        boolean constant = tokens.token(value) == Token.INTEGER
                || tokens.token(value) == Token.NUMERIC
                || tokens.isWord(value, "true", "false", "null")
                || tokens.token(value) == Token.STRING;
        int next = value + 1;
        storesText |= tokens.token(value) == Token.STRING;
        return constant
                && (next >= tokens.size()
                        || tokens.isCharacter(next, ',')
                        || tokens.isCharacter(next, ';')
                        || tokens.isWord(
                                next, "not", "null", "check", "unique", "primary", "references", "constraint"));
    }

    private Form maintenance() {
        if (tokens.isWord(0, "analyze", "analyse")) {
            return Form.TOGETHER;
        }
        if (tokens.isWord(0, "refresh")) {
            throw rows("a materialized view has other rows on each shard");
        }
        if (tokens.isWord(0, "vacuum") || has("concurrently")) {
            return Form.SEPARATELY;
        }
        if (tokens.isWord(0, "reindex", "cluster")) {
            return Form.AS_SENT;
        }
        throw oneShard("it concerns one server");
    }

    private boolean has(String word) {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isWord(i, word)) {
                return true;
            }
        }
        return false;
    }

    private boolean startsWith(int i, String prefix) {
        return tokens.token(i).isName() && tokens.name(i).startsWith(prefix);
    }

    private static RefusedStatement oneShard(String what) {
        return new RefusedStatement(RefusalCode.ALL_SHARDS.because(what));
    }

    private static RefusedStatement rows(String what) {
        return new RefusedStatement(RefusalCode.ROWS_OF_EACH_SHARD.because(what));
    }
}
