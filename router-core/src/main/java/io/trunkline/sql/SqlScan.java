// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Objects;

/**
 * One pass over a query text: its statements, its literals, its highest parameter and the fingerprint of its shape.
 *
 * <p>Reusable, one per event loop; allocation-free after warm-up. The text is borrowed during {@link #scan}; what is kept are positions, absolute
 * indexes of the scanned buffer.
 *
 * <p>The text must be in UTF-8 or a single-byte encoding (see {@link SqlLexer}).
 *
 * <p>The fingerprint covers the sequence of tokens: literals count by kind only, comments not at all unless they are hints, unquoted identifiers in
 * lower case, empty statements not at all. Whole numbers that may be positions in {@code ORDER BY} and {@code GROUP BY} count by their text. Equal
 * fingerprints mean equal {@link QueryShape}s.
 */
public final class SqlScan {
    /** More statements in one text make it incomplete. */
    public static final int STATEMENTS_MAX = 4_096;

    /** Literals behind this many are not recorded; no statement short enough for {@link ShardingShapeReader} has as many. */
    public static final int LITERALS_MAX = 65_536;

    private static final int INITIAL_CAPACITY = 16;
    private static final int SEPARATOR = 0xff;
    private static final int CUT_OFF = 0xfe;

    private final SqlLexer lexer = new SqlLexer();
    private final KeyedHash hash = KeyedHash.ofThisProcess();
    private final StatementSplit split = new StatementSplit();
    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    private boolean standardConformingStrings;
    private boolean complete;
    private boolean strayHint;
    private Phase phase = Phase.BETWEEN;
    private int maxParameter;
    private boolean behindBy;
    private boolean positionMayFollow;
    private int depth;
    private int statementCount;
    private int[] statements = new int[2 * INITIAL_CAPACITY];
    private int literalCount;
    private int[] literals = new int[2 * INITIAL_CAPACITY];

    /**
     * Reads the bytes from {@code start} to {@code end}, which are SQL without a terminating NUL.
     *
     * @param standardConformingStrings the setting of that name in the session that sent the text
     */
    public void scan(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        this.text = text;
        this.standardConformingStrings = standardConformingStrings;
        complete = false;
        strayHint = false;
        phase = Phase.BETWEEN;
        maxParameter = 0;
        statementCount = 0;
        literalCount = 0;
        hash.reset();
        lexer.reset(text, start, end, standardConformingStrings);
        readStatements();
        if (!complete) {
            // What follows was not read, so this is no other spelling of a text that ends here.
            hash.add(CUT_OFF);
        }
        hash.finish();
        this.text = Unpooled.EMPTY_BUFFER;
    }

    /** Returns false when the text ends inside a quote or comment, or is not to be trusted for another reason. */
    public boolean isComplete() {
        return complete;
    }

    /** Returns the upper half of the fingerprint. */
    public long fingerprintHigh() {
        return hash.high();
    }

    /** Returns the lower half of the fingerprint. */
    public long fingerprintLow() {
        return hash.low();
    }

    /** Returns how many statements the text has, empty ones not counted. */
    public int statementCount() {
        return statementCount;
    }

    /** Returns the index of the first byte of a statement, leading comments excluded unless they are hints. */
    public int statementStart(int index) {
        return statements[2 * checked(index, statementCount)];
    }

    /** Returns the index behind the last token of a statement, its semicolon excluded. */
    public int statementEnd(int index) {
        return statements[2 * checked(index, statementCount) + 1];
    }

    /** Returns how many literals were recorded. */
    public int literalCount() {
        return literalCount;
    }

    /** Returns how many literals stand before a statement: what to add to an index of {@link KeyOperand.Literal}. */
    public int firstLiteral(int statement) {
        int start = statementStart(statement);
        int low = 0;
        int high = literalCount;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (literals[2 * middle] < start) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Returns the index of the first byte of the k-th literal, prefix and quotes included. */
    public int literalStart(int k) {
        return literals[2 * checked(k, literalCount)];
    }

    /** Returns the index behind the last byte of the k-th literal. */
    public int literalEnd(int k) {
        return literals[2 * checked(k, literalCount) + 1];
    }

    /** Returns the highest n of {@code $n}, 0 without parameters; {@code Integer.MAX_VALUE} when it does not fit. */
    public int maxParameter() {
        return maxParameter;
    }

    /** Returns the setting the text was read with. */
    public boolean standardConformingStrings() {
        return standardConformingStrings;
    }

    /** Returns true when a hint stands where no statement follows or surrounds it, as behind the last semicolon. */
    boolean hasStrayHint() {
        return strayHint;
    }

    private void readStatements() {
        split.reset();
        Token previous = Token.END;
        boolean beforeEscapeCharacter = false;
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == Token.BROKEN) {
                return;
            }
            if (split.endsStatement(token, lexer)) {
                endStatement();
            } else if (!addToStatement(token)) {
                return;
            } else if (beforeEscapeCharacter && token.isLiteral()) {
                // UESCAPE's character decides what the identifier before it is.
                addBytes(false);
            }
            beforeEscapeCharacter =
                    previous == Token.UNICODE_IDENTIFIER && token == Token.IDENTIFIER && lexer.isWord("uescape");
            previous = token;
        }
        endStatement();
        complete = true;
    }

    private void endStatement() {
        if (phase == Phase.ONLY_HINTS) {
            statementCount--;
            strayHint = true;
        }
        phase = Phase.BETWEEN;
    }

    private boolean addToStatement(Token token) {
        if (phase == Phase.BETWEEN) {
            if (statementCount == STATEMENTS_MAX) {
                return false;
            }
            statements = withRoom(statements, statementCount);
            statements[2 * statementCount++] = lexer.start();
            hash.add(SEPARATOR);
            phase = Phase.ONLY_HINTS;
            behindBy = false;
            positionMayFollow = false;
            depth = 0;
        }
        if (token != Token.HINT) {
            phase = Phase.INSIDE;
        }
        statements[2 * statementCount - 1] = lexer.end();
        hash.add(fingerprintClass(token));
        if (token == Token.INTEGER && positionMayFollow) {
            addBytes(false);
        }
        noteListOfPositions(token);
        switch (token) {
            case IDENTIFIER -> addBytes(true);
            case STRING, ESCAPE_STRING, DOLLAR_STRING, NATIONAL_STRING, UNICODE_STRING, BIT_STRING, INTEGER, NUMERIC ->
                addLiteral();
            case PARAMETER -> {
                addBytes(false);
                maxParameter = Math.max(maxParameter, parameterNumber());
            }
            case HINT, QUOTED_IDENTIFIER, UNICODE_IDENTIFIER, OPERATOR, PUNCTUATION -> addBytes(false);
            case END, BROKEN -> throw new AssertionError(token);
        }
        return true;
    }

    /**
     * Notes whether a number that follows may be a position: behind BY, or behind a comma after it, outside of parentheses. {@link ScatterShape} depends on which
     * one it is.
     */
    private void noteListOfPositions(Token token) {
        if (token == Token.HINT) {
            return;
        }
        positionMayFollow = false;
        if (token == Token.IDENTIFIER && depth == 0 && lexer.isWord("by")) {
            behindBy = true;
            positionMayFollow = true;
        } else if (token == Token.PUNCTUATION) {
            if (lexer.isCharacter('(') || lexer.isCharacter('[')) {
                depth++;
            } else if (lexer.isCharacter(')') || lexer.isCharacter(']')) {
                depth--;
            } else {
                positionMayFollow = behindBy && depth == 0 && lexer.isCharacter(',');
            }
        }
    }

    /** Returns the byte that stands for the kind of token: the three plain spellings of a string constant are one kind. */
    private static int fingerprintClass(Token token) {
        return switch (token) {
            case ESCAPE_STRING, DOLLAR_STRING -> Token.STRING.ordinal();
            default -> token.ordinal();
        };
    }

    /** Adds the token's text and a NUL, which no text contains, so that tokens never run into each other. */
    private void addBytes(boolean folded) {
        for (int i = lexer.start(); i < lexer.end(); i++) {
            int b = text.getByte(i);
            hash.add(folded ? SqlLexer.fold(b) : b);
        }
        hash.add(0);
    }

    private void addLiteral() {
        if (literalCount < LITERALS_MAX) {
            literals = withRoom(literals, literalCount);
            literals[2 * literalCount] = lexer.start();
            literals[2 * literalCount + 1] = lexer.end();
            literalCount++;
        }
    }

    private int parameterNumber() {
        long number = 0;
        for (int i = lexer.start() + 1; i < lexer.end(); i++) {
            number = Math.min(Integer.MAX_VALUE, number * 10 + (text.getByte(i) - '0'));
        }
        return (int) number;
    }

    private static int[] withRoom(int[] pairs, int count) {
        return 2 * count + 1 < pairs.length ? pairs : Arrays.copyOf(pairs, 2 * pairs.length);
    }

    private static int checked(int index, int count) {
        return Objects.checkIndex(index, count);
    }

    private enum Phase {
        BETWEEN,
        ONLY_HINTS,
        INSIDE
    }
}
