// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.ModificationReader.Modification;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import net.sf.jsqlparser.parser.AbstractJSqlParser.Dialect;
import net.sf.jsqlparser.parser.CCJSqlParser;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.parser.ParseException;
import net.sf.jsqlparser.parser.TokenMgrException;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.select.Select;
import org.jspecify.annotations.Nullable;

/**
 * Reads which tables one statement uses and which sharding keys its rows can have.
 *
 * <p>Off the event loop: the tree comes from JSqlParser, which may take milliseconds and much stack; run it on a bounded executor with a large stack and a
 * deadline of its own. Stateless and safe from any thread.
 *
 * <p>Functions are not looked at: what one does where there is no key is for routing to decide, by {@link StatementShape#functions}.
 *
 * <p>Nothing is taken from JSqlParser on trust. It gets the statement with markers for constants and without comments ({@link MarkedStatement}); its tree must,
 * written out, have the same tokens; every {@code SELECT} of the text must have been walked; and every clause, join and relation must be of a form this
 * package names. Anything else is refused, so the worst that can happen is a refusal that was not needed.
 */
public final class ShardingShapeReader {
    /**
     * Longer statements are refused: JSqlParser takes some seconds for a megabyte when it is new, and there are few threads for it. An INSERT of a thousand rows is
     * shorter, as drivers and {@code pg_dump --rows-per-insert} write it.
     */
    public static final int TEXT_BYTES_MAX = 256 * 1024;

    private final int textBytesMax;
    private final int depthMax;

    /** Reads statements of up to {@link #TEXT_BYTES_MAX} and 64 levels of nesting. */
    public ShardingShapeReader() {
        this(TEXT_BYTES_MAX, 64);
    }

    /**
     * Sets the bounds.
     *
     * @param textBytesMax longer statements are refused
     * @param depthMax statements with deeper nested parentheses, brackets and CASEs are refused; the parser's time grows with its square and more
     */
    public ShardingShapeReader(int textBytesMax, int depthMax) {
        this.textBytesMax = textBytesMax;
        this.depthMax = depthMax;
    }

    /**
     * Returns what sharding must know of a statement.
     *
     * @param sql one statement; {@link KeyOperand.Literal} counts literals from its beginning, so add {@link SqlScan#firstLiteral} for its place in the text
     * @param standardConformingStrings the setting the text was scanned with
     * @param tables what is sharded and how
     */
    public ShardingShape read(String sql, boolean standardConformingStrings, TableDirectory tables) {
        try {
            return readTrusted(sql, standardConformingStrings, tables);
        } catch (RefusedStatement e) {
            return ShardingShape.refused(e.refusal());
        } catch (StackOverflowError e) {
            return ShardingShape.refused(RefusalCode.TOO_DEEP.because("the parser ran out of stack"));
        }
    }

    private ShardingShape readTrusted(String sql, boolean standardConformingStrings, TableDirectory directory) {
        if (sql.length() > textBytesMax) {
            throw tooLarge();
        }
        ByteBuf text = Unpooled.wrappedBuffer(sql.getBytes(StandardCharsets.UTF_8));
        if (text.writerIndex() > textBytesMax) {
            throw tooLarge();
        }
        TokenList tokens = new TokenList();
        tokens.read(text, 0, text.writerIndex(), standardConformingStrings);
        if (tokens.isCutOff()) {
            throw new RefusedStatement(RefusalCode.UNREADABLE.because("a quote or comment does not end"));
        }
        StatementHead head = new StatementHead(tokens);
        head.read();
        try {
            return readKind(tokens, head, directory);
        } catch (RefusedStatement refused) {
            ShardingShape inSchemas = new OneShardSchemas(tokens, head, directory).read();
            if (inSchemas == null) {
                throw refused;
            }
            return inSchemas;
        }
    }

    private ShardingShape readKind(TokenList tokens, StatementHead head, TableDirectory directory) {
        return switch (head.kind()) {
            case SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, EXPLAIN, DECLARE_CURSOR ->
                readQuery(tokens, head, directory);
            case COPY_IN, COPY_OUT -> readCopy(tokens, directory);
            case DDL, TRUNCATE, LOCK, MAINTENANCE -> readDefinition(tokens, head, directory);
            default -> readCommand(head.kind(), directory);
        };
    }

    private RefusedStatement tooLarge() {
        return new RefusedStatement(RefusalCode.TOO_LARGE.because("the limit is " + textBytesMax + " bytes"));
    }

    /** Everything but queries and modifications is decided by its kind. */
    private static ShardingShape readCommand(StatementKind kind, TableDirectory directory) {
        Refusal refusal = switch (kind) {
            case MERGE -> RefusalCode.MERGE.because("the statement is a MERGE");
            case COPY_ON_SERVER -> RefusalCode.COPY.because("the data are not the client's");
            case CALL, DO, EXECUTE, PREPARE -> RefusalCode.HIDDEN_STATEMENT.because("the statement is a " + kind);
            case LISTEN, NOTIFY -> RefusalCode.NOTIFICATION.because("the statement is a " + kind);
            case DDL, TRUNCATE, LOCK, MAINTENANCE, LOAD, PREPARE_TRANSACTION, COMMIT_PREPARED, ROLLBACK_PREPARED ->
                RefusalCode.ALL_SHARDS.because("it concerns the tables or settings of every shard");
            case OTHER -> RefusalCode.UNREADABLE.because("the statement is of a kind the router does not know");
            default -> null;
        };
        if (refusal != null) {
            throw new RefusedStatement(refusal);
        }
        return ShardingShape.of(ShardingShape.Reach.NO_TABLE).under(directory.home(), Presumed.NOTHING);
    }

    /** What defines or maintains something in a schema of one shard runs there, everything else on every shard. */
    private static ShardingShape readDefinition(TokenList tokens, StatementHead head, TableDirectory directory) {
        ShardingShape inSchemas = new OneShardSchemas(tokens, head, directory).read();
        if (inSchemas != null) {
            return inSchemas;
        }
        boolean mayBePlaced = directory.home() != null;
        for (int i = 0; i < tokens.size(); i++) {
            mayBePlaced |=
                    tokens.token(i).isName() && directory.shardOfSchema(tokens.name(i)) != TableDirectory.NO_SHARD;
        }
        if (mayBePlaced) {
            throw new RefusedStatement(
                    RefusalCode.SCHEMA_UNCLEAR.because("it may concern a schema of one shard, and others too"));
        }
        if (head.kind() == StatementKind.DDL && directory.hasPlacedSchemas()) {
            // Names mean tables of a schema as long as the catalogue knows no other of that name, and it is read later.
            throw new RefusedStatement(RefusalCode.ALL_SHARDS.because(
                    "beside schemas of one shard a definition may change what names in them mean"));
        }
        return new EveryShardReader(tokens, directory)
                .read(head.kind())
                .under(null, new Presumed(Set.of(), directory.assumesPath()));
    }

    private ShardingShape readCopy(TokenList tokens, TableDirectory directory) {
        CopySyntax copy = CopySyntax.read(tokens);
        if (!copy.name().isEmpty()) {
            return readCopyOfTable(tokens, copy, directory);
        }
        if (copy.isFrom()) {
            throw QueryTreeReader.unreadable("a COPY into a query");
        }
        // No literal stands before the query, so those inside keep their numbers.
        TokenList query = tokens.within(1);
        return readTree(query, 0, lastOf(query), directory).copiedOut();
    }

    private static ShardingShape readCopyOfTable(TokenList tokens, CopySyntax copy, TableDirectory directory) {
        TableUse use = directory.lookup(copy.schema(), copy.name());
        Presumed presumed = new Presumed(Set.of(), directory.assumesPath());
        if (use instanceof TableUse.Sharded sharded && directory.home() == null) {
            ShardingShape shape = copy.isFrom()
                    ? ShardingShape.copied(new CopyShape.IntoSharded(sharded))
                    : ShardingShape.copiedOut(new KeyCondition.Everything(sharded.distribution()));
            return shape.mentioning(Mentions.in(tokens)).under(null, presumed);
        }
        if (use instanceof TableUse.Reference && directory.home() == null) {
            ShardingShape shape = copy.isFrom()
                    ? ShardingShape.copied(new CopyShape.IntoReference())
                    : ShardingShape.of(ShardingShape.Reach.REFERENCE_READ);
            return shape.mentioning(Mentions.in(tokens)).under(null, presumed);
        }
        throw new RefusedStatement(
                use instanceof TableUse.Unknown
                        ? RefusalCode.UNKNOWN_RELATION.because(
                                "relation \"" + copy.name() + "\" is neither sharded nor a reference table")
                        : RefusalCode.COPY.because(
                                "the table is of the system catalogue, or of a schema of one shard"));
    }

    private ShardingShape readQuery(TokenList tokens, StatementHead head, TableDirectory directory) {
        if (head.kind() == StatementKind.EXPLAIN && head.queryKind() == StatementKind.SELECT) {
            return readInner(tokens, head.queryStart(), ExplainedText.problem(tokens, head.queryStart()), directory);
        }
        if (head.kind() == StatementKind.DECLARE_CURSOR && head.queryKind() == StatementKind.SELECT) {
            return readInner(tokens, head.queryStart(), DeclaredText.problem(tokens, head.queryStart()), directory);
        }
        return switch (head.queryKind()) {
            case SELECT, VALUES, INSERT, UPDATE, DELETE ->
                readTree(tokens, head.queryStart(), lastOf(tokens), directory);
            case TABLE -> throw new RefusedStatement(RefusalCode.NO_KEY.because("a TABLE command reads all rows"));
            default -> readCommand(head.queryKind(), directory);
        };
    }

    /**
     * The query of an EXPLAIN or DECLARE is read as if it were to be run by itself.
     *
     * @param problem why it cannot be one over several shards, or null
     */
    private ShardingShape readInner(
            TokenList tokens, int queryStart, @Nullable Refusal problem, TableDirectory directory) {
        if (problem != null) {
            ShardingShape shape = readTree(tokens, queryStart, lastOf(tokens), directory);
            return shape.reach() == ShardingShape.Reach.KEYED ? shape.notScatteredFor(problem) : shape;
        }
        // No literal stands before the query, so those inside keep their numbers.
        TokenList query = tokens.from(queryStart);
        return readTree(query, 0, lastOf(query), directory);
    }

    /** Returns the last token that is not a closing semicolon. */
    private static int lastOf(TokenList tokens) {
        int last = tokens.size() - 1;
        while (last > 0 && tokens.isCharacter(last, ';')) {
            last--;
        }
        return last;
    }

    private ShardingShape readTree(TokenList tokens, int first, int last, TableDirectory directory) {
        refuseDeep(tokens);
        MarkedStatement marked = MarkedStatement.of(tokens, first, last);
        refuseUnread(marked);
        Statement tree = parse(marked);
        if (!marked.hasSameTokens(tree.toString())) {
            throw new RefusedStatement(
                    RefusalCode.AMBIGUOUS_TEXT.because("the parser understood it as another statement"));
        }
        TableReferences references = new TableReferences(directory);
        QueryTreeReader reader = new QueryTreeReader(marked, references);
        Walked walked = walk(tree, reader);
        reader.finish();
        if (reader.selectCount() != marked.count("select")) {
            throw new RefusedStatement(
                    RefusalCode.AMBIGUOUS_TEXT.because("a sub-query stands where the router does not look"));
        }
        ShardingShape shape = references.shape();
        boolean whole = first == 0 && last == lastOf(tokens);
        if (shape.reach() == ShardingShape.Reach.REFERENCE_WRITE && whole && walked.modification() != null) {
            return CopyWriteReader.addTo(shape, tokens, last, tree, references);
        }
        if (shape.reach() != ShardingShape.Reach.KEYED) {
            return shape;
        }
        shape = shape.mentioning(Mentions.in(tokens).with(references.relations()));
        if (references.locksReference()) {
            throw new RefusedStatement(
                    RefusalCode.REFERENCE_LOCK.because("one is among the relations, and OF does not leave it out"));
        }
        if (references.updatesKeys()) {
            return shape.notScatteredFor(RefusalCode.KEY_UPDATE.because("the row may have to move to another shard"));
        }
        if (references.usesPlaced()) {
            return shape.notScatteredFor(RefusalCode.SCHEMA_ON_OTHER_SHARD.because(
                    "tables in schemas of one shard are not merged with rows of others"));
        }
        if (walked.modification() == null) {
            return ScatterShapeReader.addTo(shape, tokens, last, tree, walked.scope(), reader, references, whole);
        }
        return whole
                ? SpreadWriteReader.addTo(shape, tokens, last, tree, walked.modification(), references, reader)
                : shape;
    }

    /**
     * What the walk through the tree found beside tables and keys.
     *
     * @param scope the scope of its FROM when it is a query of a single block, else null
     * @param modification what it writes when it is no query, else null
     */
    private record Walked(
            @Nullable QueryScope scope, @Nullable Modification modification) {}

    private static Walked walk(Statement tree, QueryTreeReader reader) {
        try {
            return tree instanceof Select select
                    ? new Walked(reader.read(select, null, WithQueries.NONE), null)
                    : new Walked(null, reader.modifications().read(tree, WithQueries.NONE));
        } catch (NullPointerException | ClassCastException | IndexOutOfBoundsException e) {
            // A part is missing that every such tree had so far: the tree is not understood.
            throw QueryTreeReader.unreadable("the parser's tree has an unknown form");
        }
    }

    private void refuseDeep(TokenList tokens) {
        int depth = 0;
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isCharacter(i, '(') || tokens.isCharacter(i, '[') || tokens.isWord(i, "case")) {
                depth++;
            } else if (tokens.isCharacter(i, ')') || tokens.isCharacter(i, ']') || tokens.isWord(i, "end")) {
                depth--;
            }
            if (depth > depthMax) {
                throw new RefusedStatement(RefusalCode.TOO_DEEP.because("the limit is " + depthMax + " levels"));
            }
        }
    }

    /** Words of statements and relations that the tree does not show reliably. */
    private static void refuseUnread(MarkedStatement marked) {
        if (marked.count("table") > 0) {
            throw QueryTreeReader.unreadable("a TABLE command stands inside the statement");
        }
        if (marked.count("merge") > 0) {
            throw new RefusedStatement(RefusalCode.MERGE.because("a MERGE stands inside the statement"));
        }
    }

    private static Statement parse(MarkedStatement marked) {
        try {
            CCJSqlParser parser = CCJSqlParserUtil.newParser(marked.text());
            parser.withDialect(Dialect.POSTGRESQL).withAllowComplexParsing(true);
            Statement tree = parser.Statement();
            if (tree == null) {
                throw QueryTreeReader.unreadable("the parser found no statement");
            }
            return tree;
        } catch (ParseException | TokenMgrException e) {
            throw QueryTreeReader.unreadable("the parser does not know its syntax");
        } catch (RefusedStatement e) {
            throw e;
        } catch (RuntimeException e) {
            // JSqlParser has answered malformed input with a NullPointerException before.
            throw QueryTreeReader.unreadable("the parser failed");
        }
    }
}
