// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.KeyOperand;
import io.trunkline.sql.LiteralText;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.KeyValue.IntegerKey;
import io.trunkline.topology.KeyValue.TextKey;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The shard keys of one statement, read from its parameters and literals as values of the key's type.
 *
 * <p>A key is read only when the comparison, or the assignment, that PostgreSQL makes of the operand is certain to be with exactly this value.
 * Three things decide: the type the operand has on the server, whether that type converts to the key's without loss
 * ({@link ParameterTypes#isLossless}), and whether the text means the same under every setting ({@link KeyValue#parse}).
 *
 * <p><b>Parameters without a declared type.</b> PostgreSQL infers the type of {@code $1} where the parameter first stands in the text, and that
 * need not be the comparison with the key: in {@code WHERE price = $1 AND id = $1} it is {@code numeric}, and in
 * {@code WHERE code = $1 AND name = $1} with a {@code char(5)} first it is {@code bpchar}, which loses its trailing blanks before it meets
 * {@code name}. In {@code INSERT … SELECT $1::int, $1}, or before a cast, it can be any type: {@code 042} is {@code 42} once it was an integer. A value in
 * text format is therefore read as the key's type only when every type it could have been inferred as gives the same key; otherwise the answer
 * is that the type must be asked for. The same holds for every value in binary format.
 *
 * <p>Stateless.
 */
final class ShardKeyReader {
    /** An array of more elements is not read; the statement then concerns every shard. */
    static final int ARRAY_ELEMENTS_MAX = 65_536;

    /** Integers up to here are exact as double precision too. */
    private static final long EXACT_AS_FLOAT8_MAX = 1L << 53;

    /** And up to here as real. */
    private static final long EXACT_AS_FLOAT4_MAX = 1L << 24;

    /** PostgreSQL's NAMEDATALEN less the terminating zero: the type {@code name} cuts longer values. */
    private static final int NAME_BYTES_MAX = 63;

    private static final int TEXT_FORMAT = 0;
    private static final int BINARY_FORMAT = 1;

    /** What parameters are called, ready for the first ones: the words are needed by errors alone, and yet for every key. */
    private static final String[] PARAMETERS = IntStream.rangeClosed(0, 64)
            .mapToObj(number -> "parameter $" + number)
            .toArray(String[]::new);

    private ShardKeyReader() {}

    private static String nameOf(KeyOperand.Parameter parameter) {
        int number = parameter.number();
        return number < PARAMETERS.length ? PARAMETERS[number] : "parameter $" + number;
    }

    /** Reads one operand as a key of the given type. */
    static KeyReading read(KeyOperand operand, KeyType key, KeyUse use, KeySource keys) {
        if (operand instanceof KeyOperand.Parameter parameter) {
            return stored(use, key, nameOf(parameter), parameter(parameter, key, keys));
        }
        if (operand instanceof KeyOperand.Literal literal) {
            return stored(use, key, "the literal", literal(literal, key, keys));
        }
        return KeyReading.Absent.NULL;
    }

    /**
     * Reads an operand that is an array, for {@code = ANY}. NULL elements match nothing and are left out.
     *
     * @param elements receives each element as a key
     * @return null when all elements were given out, {@code NULL} when the array is NULL, else why not all are known
     */
    static @Nullable KeyReading readArray(
            KeyOperand operand, KeyType key, KeySource keys, Consumer<KeyValue> elements) {
        if (operand instanceof KeyOperand.Parameter parameter) {
            return arrayParameter(parameter, key, keys, elements);
        }
        if (operand instanceof KeyOperand.Literal literal) {
            return arrayLiteral(literal, key, keys, elements);
        }
        return KeyReading.Absent.NULL;
    }

    // Parameters

    private static KeyReading parameter(KeyOperand.Parameter parameter, KeyType key, KeySource keys) {
        String what = nameOf(parameter);
        int k = parameter.number() - 1;
        if (!keys.isParameterPresent(k)) {
            return KeyReading.unsupported(what + " stands beyond what is inspected of a long message");
        }
        if (k >= keys.parameterCount()) {
            return KeyReading.unsupported(what + " is not bound");
        }
        int length = keys.parameterLength(k);
        if (length < 0) {
            return KeyReading.Absent.NULL;
        }
        KeyType cast = null;
        if (parameter.cast() != null) {
            cast = ParameterTypes.ofName(parameter.cast());
            if (cast == null || !ParameterTypes.isLossless(key, cast)) {
                return castRefused(what, key);
            }
        }
        Value value = new Value(
                what,
                keys.parameterBuffer(),
                keys.parameterStart(k),
                length,
                keys.parameterFormat(k),
                keys.utf8(),
                TypeOrigin.of(parameter));
        return value.as(keys.parameterType(k), cast == null ? key : cast, key);
    }

    private static @Nullable KeyReading arrayParameter(
            KeyOperand.Parameter parameter, KeyType key, KeySource keys, Consumer<KeyValue> elements) {
        String what = nameOf(parameter);
        int k = parameter.number() - 1;
        if (!keys.isParameterPresent(k)) {
            return KeyReading.unsupported(what + " stands beyond what is inspected of a long message");
        }
        if (k >= keys.parameterCount()) {
            return KeyReading.unsupported(what + " is not bound");
        }
        int length = keys.parameterLength(k);
        if (length < 0) {
            return KeyReading.Absent.NULL;
        }
        KeyType element = elementCast(parameter.cast(), key);
        if (element == null) {
            return castRefused(what, key);
        }
        int type = keys.parameterType(k);
        int elementType = ParameterTypes.isUntyped(type) ? type : ParameterTypes.elementOf(type);
        if (elementType == 0 && !ParameterTypes.isUntyped(type)) {
            return KeyReading.unsupported(
                    what + " has type " + type + " (expected: an array of " + ParameterTypes.expected(key) + ")");
        }
        ByteBuf buffer = keys.parameterBuffer();
        int start = keys.parameterStart(k);
        if (keys.parameterFormat(k) == BINARY_FORMAT) {
            return ParameterTypes.isUntyped(type)
                    ? KeyReading.Absent.NEEDS_PARAMETER_TYPE
                    : BinaryArray.read(
                            what,
                            buffer,
                            start,
                            length,
                            elementType,
                            elementsOf(what, keys, TypeOrigin.of(parameter), element, key, elements));
        }
        if (keys.parameterFormat(k) != TEXT_FORMAT || length > KeyBytes.KEY_BYTES_MAX) {
            return KeyReading.unsupported(what + " is too long or of an unknown format");
        }
        if (!keys.utf8() && !KeyBytes.isAscii(buffer, start, length)) {
            return KeyReading.unsupported(what + " has characters beyond ASCII (expected: client_encoding UTF8)");
        }
        return textArray(
                what, utf8(buffer, start, length), elementType, TypeOrigin.of(parameter), element, key, elements);
    }

    private static BinaryArray.Element elementsOf(
            String what, KeySource keys, TypeOrigin origin, KeyType element, KeyType key, Consumer<KeyValue> elements) {
        return (buffer, start, length, type) -> give(
                new Value(what, buffer, start, length, BINARY_FORMAT, keys.utf8(), origin).as(type, element, key),
                elements);
    }

    private static @Nullable KeyReading textArray(
            String what,
            String text,
            int elementType,
            TypeOrigin origin,
            KeyType element,
            KeyType key,
            Consumer<KeyValue> elements) {
        List<@Nullable String> values = ArrayText.read(text, ARRAY_ELEMENTS_MAX);
        if (values == null) {
            return KeyReading.unsupported(what + " cannot be read as an array (expected: {...} of at most "
                    + ARRAY_ELEMENTS_MAX + " elements)");
        }
        for (String value : values) {
            if (value == null) {
                continue;
            }
            ByteBuf bytes = Unpooled.wrappedBuffer(value.getBytes(StandardCharsets.UTF_8));
            KeyReading problem = give(
                    new Value(what, bytes, 0, bytes.readableBytes(), TEXT_FORMAT, true, origin)
                            .as(elementType, element, key),
                    elements);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private static @Nullable KeyReading give(KeyReading reading, Consumer<KeyValue> elements) {
        if (reading instanceof KeyReading.Value value) {
            elements.accept(value.value());
            return null;
        }
        return reading;
    }

    /**
     * The bytes of one parameter or array element.
     *
     * @param what the operand in words
     */
    private record Value(
            String what, ByteBuf buffer, int start, int length, int format, boolean utf8, TypeOrigin origin) {
        /**
         * Reads the value.
         *
         * @param oid its type as declared or described
         * @param target the type it is cast to, or the key's
         * @param key the key's type
         */
        KeyReading as(int oid, KeyType target, KeyType key) {
            if (format != TEXT_FORMAT && format != BINARY_FORMAT) {
                return KeyReading.unsupported(what + " has format " + format + " (expected: 0, 1)");
            }
            if (ParameterTypes.isUntyped(oid)) {
                return format == BINARY_FORMAT
                        ? KeyReading.Absent.NEEDS_PARAMETER_TYPE
                        : KeyBytes.converted(key, inferred(target));
            }
            if (oid == ParameterTypes.BPCHAR && target == KeyType.TEXT && key == KeyType.TEXT) {
                // text = bpchar compares as text, and so is it stored: the blanks are gone. Not so for varchar, which
                // is compared as bpchar.
                return KeyBytes.binary(
                        what, KeyType.TEXT, buffer, start, KeyBytes.trimmedLength(buffer, start, length), utf8);
            }
            KeyType type = ParameterTypes.ofOid(oid);
            if (type == null || !ParameterTypes.isLossless(target, type)) {
                return KeyReading.unsupported(
                        what + " has type " + oid + " (expected: " + ParameterTypes.expected(target) + ")");
            }
            KeyReading reading = format == BINARY_FORMAT
                    ? KeyBytes.binary(what, type, buffer, start, length, utf8)
                    : KeyBytes.text(what, type, buffer, start, length, utf8);
            return KeyBytes.converted(key, reading);
        }

        private KeyReading inferred(KeyType target) {
            KeyReading reading = KeyBytes.text(what, target, buffer, start, length, utf8);
            boolean isCertain = reading instanceof KeyReading.Value read
                    ? meansTheSameInferred(target, read.value())
                    : origin == TypeOrigin.HERE;
            return isCertain ? reading : KeyReading.Absent.NEEDS_PARAMETER_TYPE;
        }

        private long exactMax() {
            return origin == TypeOrigin.HERE ? EXACT_AS_FLOAT8_MAX : EXACT_AS_FLOAT4_MAX;
        }

        /** Returns true when every type PostgreSQL may have inferred leads to the same key. */
        private boolean meansTheSameInferred(KeyType target, KeyValue value) {
            return switch (target) {
                // As floating point larger integers are rounded; as oid negative ones are not negative. What a cast
                // makes
                // of bit strings and the like is another number.
                case INT2, INT4, INT8 ->
                    origin != TypeOrigin.BEFORE_CAST
                            && value instanceof IntegerKey integer
                            && integer.value() >= 0
                            && integer.value() <= exactMax();
                // As bpchar trailing blanks are cut; as name everything behind the 63rd byte. What is stored or cast
                // can
                // have been of any type, and is written as that type writes it; as "char" it is one byte.
                case TEXT, VARCHAR ->
                    origin == TypeOrigin.HERE
                            && length <= NAME_BYTES_MAX
                            && (length == 0 || buffer.getByte(start + length - 1) != ' ');
                case UUID -> true;
                // As another date type the time or the offset is cut; as float8 digits are.
                case DATE, TIMESTAMP, TIMESTAMPTZ, NUMERIC -> false;
            };
        }
    }

    // Literals

    private static KeyReading literal(KeyOperand.Literal literal, KeyType key, KeySource keys) {
        if (literal.index() >= keys.literalCount()) {
            return KeyReading.unsupported("the literal is too far behind");
        }
        if (literal.cast() == null && ParameterTypes.isInteger(key)) {
            int start = keys.literalStart(literal.index());
            int digits = KeyBytes.digits(keys.literalBuffer(), start, keys.literalEnd(literal.index()) - start);
            if (digits >= 0) {
                return new KeyReading.Value(KeyValue.ofLong(literal.negative() ? -digits : digits));
            }
        }
        KeyType target = key;
        if (literal.cast() != null) {
            KeyType cast = ParameterTypes.ofName(literal.cast());
            if (cast == null || !ParameterTypes.isLossless(key, cast)) {
                return castRefused("the literal", key);
            }
            target = cast;
        }
        String text = text(literal, keys);
        if (text == null) {
            return KeyReading.unsupported("the literal is of a kind that is not read");
        }
        if (LiteralText.isNumber(keys.literalBuffer(), keys.literalStart(literal.index()))) {
            return KeyBytes.converted(key, number(literal.negative() ? "-" + text : text, target));
        }
        return literal.negative()
                ? KeyReading.unsupported("the literal is the negative of a string")
                : KeyBytes.converted(key, KeyBytes.parsed("the literal", target, text));
    }

    private static @Nullable KeyReading arrayLiteral(
            KeyOperand.Literal literal, KeyType key, KeySource keys, Consumer<KeyValue> elements) {
        if (literal.index() >= keys.literalCount()) {
            return KeyReading.unsupported("the literal is too far behind");
        }
        KeyType element = elementCast(literal.cast(), key);
        if (element == null) {
            return castRefused("the literal", key);
        }
        String text = text(literal, keys);
        boolean number = LiteralText.isNumber(keys.literalBuffer(), keys.literalStart(literal.index()));
        if (text == null || number || literal.negative()) {
            return KeyReading.unsupported("the literal cannot be read as an array");
        }
        return textArray("the literal", text, element.oid(), TypeOrigin.HERE, element, key, elements);
    }

    /** Returns the content of a literal, or null when it cannot be told. */
    private static @Nullable String text(KeyOperand.Literal literal, KeySource keys) {
        int start = keys.literalStart(literal.index());
        int end = keys.literalEnd(literal.index());
        boolean isReadable = end - start <= KeyBytes.KEY_BYTES_MAX
                && (keys.utf8() || KeyBytes.isAscii(keys.literalBuffer(), start, end - start));
        if (!isReadable) {
            return null;
        }
        String text = LiteralText.read(keys.literalBuffer(), start, end, keys.standardConformingStrings());
        // An escape can spell in ASCII what the client's encoding decides about.
        return keys.utf8() || text == null || text.chars().allMatch(c -> c < 0x80) ? text : null;
    }

    private static KeyReading number(String number, KeyType target) {
        if (target == KeyType.NUMERIC) {
            return KeyBytes.parsed("the literal", KeyType.NUMERIC, number);
        }
        if (!ParameterTypes.isInteger(target) || !isInteger(number)) {
            return KeyReading.unsupported("the literal is a number of another type than the key's (expected: "
                    + ParameterTypes.expected(target) + ")");
        }
        // Whatever integer type the number has by its size: the comparison is by value, and so is the hash. Beyond int8
        // it is a numeric.
        KeyReading reading = KeyBytes.parsed("the literal", KeyType.INT8, number);
        return reading instanceof KeyReading.Unreadable beyond ? KeyReading.unsupported(beyond.problem()) : reading;
    }

    /** Returns true for digits in any base; {@code 42.0} and {@code 42e0} are of type {@code numeric}. */
    private static boolean isInteger(String number) {
        int digits = number.charAt(0) == '-' ? 1 : 0;
        boolean hasRadix = number.length() > digits + 1
                && number.charAt(digits) == '0'
                && Character.isLetter(number.charAt(digits + 1))
                && Character.toLowerCase(number.charAt(digits + 1)) != 'e';
        return hasRadix || number.chars().allMatch(c -> c == '-' || c == '_' || c >= '0' && c <= '9');
    }

    // Both

    /**
     * A {@code varchar(n)} column drops blanks beyond its length when a value is stored, silently. The length is not known here, so such a key may
     * become another one.
     */
    private static KeyReading stored(KeyUse use, KeyType key, String what, KeyReading reading) {
        if (use == KeyUse.STORED
                && key == KeyType.VARCHAR
                && reading instanceof KeyReading.Value read
                && read.value() instanceof TextKey text
                && text.utf8().length > 0
                && text.utf8()[text.utf8().length - 1] == ' ') {
            return KeyReading.unsupported(what + " ends in a blank, which a varchar column may cut off");
        }
        return reading;
    }

    private static @Nullable KeyType elementCast(@Nullable String cast, KeyType key) {
        if (cast == null) {
            return key;
        }
        String name = ParameterTypes.elementName(cast);
        KeyType element = name == null ? null : ParameterTypes.ofName(name);
        return element != null && ParameterTypes.isLossless(key, element) ? element : null;
    }

    private static KeyReading castRefused(String what, KeyType key) {
        return KeyReading.unsupported(
                what + " is cast to another type than the key's (expected: " + ParameterTypes.expected(key) + ")");
    }

    private static String utf8(ByteBuf buffer, int start, int length) {
        return buffer.getCharSequence(start, length, StandardCharsets.UTF_8).toString();
    }
}
