// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields of an ErrorResponse or NoticeResponse, in the order they travel, unknown ones included.
 *
 * <p>Bytes: {@code 'E' or 'N' · int32 length · (byte code · string value)* · 0}. Values keep their bytes whatever their encoding, see
 * {@link WireText}.
 *
 * @param fields at least the SQLSTATE
 * @see <a href="https://www.postgresql.org/docs/18/protocol-error-fields.html">Error and notice message fields</a>
 */
public record ErrorResponse(List<Field> fields) {
    /** Severity, maybe translated. */
    public static final char SEVERITY = 'S';
    /** Severity, never translated (from PostgreSQL 9.6). */
    public static final char SEVERITY_UNTRANSLATED = 'V';
    /** SQLSTATE. */
    public static final char SQLSTATE = 'C';
    /** The message. */
    public static final char MESSAGE = 'M';
    /** Detail. */
    public static final char DETAIL = 'D';
    /** Hint. */
    public static final char HINT = 'H';
    /** One-based character position in the query. */
    public static final char POSITION = 'P';
    /** Where: the call stack of the server. */
    public static final char WHERE = 'W';
    /** Routine of the source that raised it. */
    public static final char ROUTINE = 'R';

    private static final int SQLSTATE_LENGTH = 5;

    /** How many fields are read; PostgreSQL knows 18. */
    static final int FIELDS_MAX = 64;

    /**
     * One field.
     *
     * @param code the field's letter
     * @param value its text
     */
    public record Field(char code, String value) {}

    /** Keeps an immutable copy. */
    public ErrorResponse {
        fields = List.copyOf(fields);
    }

    /** Returns a response of three parts. */
    public static ErrorResponse of(Severity severity, SqlState sqlState, String message) {
        return builder(severity, sqlState, message).build();
    }

    /** Returns a builder that has what every response has. */
    public static Builder builder(Severity severity, SqlState sqlState, String message) {
        return new Builder()
                .field(SEVERITY, severity.name())
                .field(SEVERITY_UNTRANSLATED, severity.name())
                .field(SQLSTATE, sqlState.code())
                .field(MESSAGE, message);
    }

    /**
     * Reads a message of which {@code available} bytes stand from {@code index}, its tag, on. A message beyond the inspection limit is read
     * as far as it is there.
     *
     * @throws ProtocolViolation when it is malformed or has no SQLSTATE
     */
    public static ErrorResponse parse(ByteBuf buffer, int index, int available) {
        int end = index + available;
        boolean whole = available == buffer.getInt(index + 1) + 1;
        List<Field> fields = new ArrayList<>(12);
        int position = index + 5;
        while (position < end && buffer.getByte(position) != 0) {
            if (fields.size() == FIELDS_MAX) {
                throw ProtocolViolation.fatal("invalid error response: more than " + FIELDS_MAX + " fields");
            }
            int valueEnd = CString.end(buffer, position + 1, end);
            if (valueEnd < 0) {
                break;
            }
            fields.add(
                    new Field((char) (buffer.getByte(position) & 0xff), WireText.read(buffer, position + 1, valueEnd)));
            position = valueEnd + 1;
        }
        if (whole && position != end - 1) {
            throw ProtocolViolation.fatal("invalid error response: expected terminator as last byte");
        }
        ErrorResponse response = new ErrorResponse(fields);
        String code = response.field(SQLSTATE);
        if (code == null || !isSqlState(code)) {
            throw ProtocolViolation.fatal("invalid error response: no SQLSTATE");
        }
        return response;
    }

    /** Letters and digits, says the standard; an extension can make PostgreSQL send others, but nothing that does not print. */
    private static boolean isSqlState(String code) {
        for (int i = 0; i < code.length(); i++) {
            if (code.charAt(i) <= ' ' || code.charAt(i) > '~') {
                return false;
            }
        }
        return code.length() == SQLSTATE_LENGTH;
    }

    /** Returns the first field of a code, or null. */
    public @Nullable String field(char code) {
        for (Field field : fields) {
            if (field.code == code) {
                return field.value;
            }
        }
        return null;
    }

    /** Returns the untranslated severity, or the translated one of servers that send no other. */
    public String severity() {
        String untranslated = field(SEVERITY_UNTRANSLATED);
        return untranslated != null ? untranslated : orEmpty(SEVERITY);
    }

    /** Returns true when the sender closes the connection after this. */
    public boolean isFatal() {
        String severity = severity();
        return severity.equals("FATAL") || severity.equals("PANIC");
    }

    /** Returns the five characters of the SQLSTATE. */
    public String sqlState() {
        return orEmpty(SQLSTATE);
    }

    /** Returns true for this SQLSTATE. */
    public boolean is(SqlState sqlState) {
        return sqlState.code().equals(sqlState());
    }

    /** Returns the message; empty when the sender gave none. */
    public String message() {
        return orEmpty(MESSAGE);
    }

    /** Returns the detail, or null. */
    public @Nullable String detail() {
        return field(DETAIL);
    }

    /** Returns the hint, or null. */
    public @Nullable String hint() {
        return field(HINT);
    }

    private String orEmpty(char code) {
        String value = field(code);
        return value == null ? "" : value;
    }

    /** Returns the same response with another severity, in both fields that carry it. */
    public ErrorResponse withSeverity(Severity severity) {
        return with(SEVERITY, severity.name()).with(SEVERITY_UNTRANSLATED, severity.name());
    }

    /** Returns the same response with one field replaced, or added at the end. */
    public ErrorResponse with(char code, String value) {
        List<Field> changed = new ArrayList<>(fields);
        for (int i = 0; i < changed.size(); i++) {
            if (changed.get(i).code == code) {
                changed.set(i, new Field(code, value));
                return new ErrorResponse(changed);
            }
        }
        changed.add(new Field(code, value));
        return new ErrorResponse(changed);
    }

    /** Returns the same response without a field. */
    public ErrorResponse without(char code) {
        return new ErrorResponse(
                fields.stream().filter(field -> field.code != code).toList());
    }

    /** Returns the same response with another word for {@code word} in the texts for people; this one when they do not have it. */
    public ErrorResponse replacing(String word, String replacement) {
        List<Field> changed = new ArrayList<>(fields);
        boolean found = false;
        for (int i = 0; i < changed.size(); i++) {
            Field field = changed.get(i);
            boolean text = field.code == MESSAGE || field.code == DETAIL || field.code == HINT || field.code == WHERE;
            if (text && field.value.contains(word)) {
                // Whole words: one generated name may be the beginning of another.
                Pattern whole = Pattern.compile(Pattern.quote(word) + "(?!\\w)");
                changed.set(
                        i,
                        new Field(
                                field.code,
                                whole.matcher(field.value).replaceAll(Matcher.quoteReplacement(replacement))));
                found = true;
            }
        }
        return found ? new ErrorResponse(changed) : this;
    }

    /** Appends an ErrorResponse. */
    public void encode(ByteBuf out) {
        encode(out, BackendTag.ERROR_RESPONSE);
    }

    /** Appends a NoticeResponse with the same fields. */
    public void encodeNotice(ByteBuf out) {
        encode(out, BackendTag.NOTICE_RESPONSE);
    }

    private void encode(ByteBuf out, byte tag) {
        int start = Frame.begin(out, tag);
        for (Field field : fields) {
            out.writeByte(field.code);
            CString.write(out, field.value);
        }
        out.writeByte(0);
        Frame.end(out, start);
    }

    /** Collects the fields of a response in the order they are given. */
    public static final class Builder {
        private final List<Field> fields = new ArrayList<>(8);

        private Builder() {}

        /** Adds a field. */
        public Builder field(char code, String value) {
            fields.add(new Field(code, value));
            return this;
        }

        /** Adds the detail, full sentences. */
        public Builder detail(String detail) {
            return field(DETAIL, detail);
        }

        /** Adds the hint, full sentences that say what to do. */
        public Builder hint(String hint) {
            return field(HINT, hint);
        }

        /** Returns the response. */
        public ErrorResponse build() {
            return new ErrorResponse(fields);
        }
    }
}
