// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * One object of a document while it is read: takes the fields one by one and reports what is wrong with them.
 *
 * <p>A field that is missing or of the wrong type yields a placeholder and a problem, so that reading goes on and finds the
 * next problem; what was built from placeholders is thrown away in the end.
 */
final class JsonObject {
    private final JsonNode node;
    private final String path;
    private final UnknownFields unknownFields;
    private final List<Problem> problems;
    private final int problemsBefore;
    private final Set<String> known = new HashSet<>();

    private JsonObject(JsonNode node, String path, UnknownFields unknownFields, List<Problem> problems) {
        this.node = node;
        this.path = path;
        this.unknownFields = unknownFields;
        this.problems = problems;
        this.problemsBefore = problems.size();
    }

    /** Returns what the reader makes of the object, then reports the fields it did not ask for. */
    static <T> T read(
            JsonNode node,
            String path,
            UnknownFields unknownFields,
            List<Problem> problems,
            Function<JsonObject, T> reader) {
        JsonObject object = new JsonObject(node, path, unknownFields, problems);
        if (!node.isObject()) {
            problems.add(new Problem(path, text(node), "an object"));
        }
        T result = reader.apply(object);
        if (unknownFields == UnknownFields.REJECT) {
            node.fieldNames().forEachRemaining(object::reportUnknown);
        }
        return result;
    }

    private void reportUnknown(String field) {
        if (!known.contains(field)) {
            String names = String.join(", ", known.stream().sorted().toList());
            problems.add(new Problem(pathOf(field), "unknown field", "one of " + names));
        }
    }

    /** Returns the text of a field that must be there. */
    String text(String field) {
        Optional<JsonNode> value = value(field);
        if (value.isEmpty()) {
            report(field, "missing", "a string");
        }
        return value.map(found -> textOf(field, found)).orElse("");
    }

    /** Returns the text of a field that may be missing. */
    String text(String field, String otherwise) {
        return value(field).map(found -> textOf(field, found)).orElse(otherwise);
    }

    /** Returns a name, a scalar that may also be written as a number. */
    Optional<String> key(String field) {
        return value(field).map(found -> keyOf(pathOf(field), found));
    }

    /** Returns the keys of a field that must be a list of strings or numbers. */
    List<String> keys(String field) {
        List<String> keys = new ArrayList<>();
        JsonNode list = listNode(field);
        for (int i = 0; i < list.size(); i++) {
            keys.add(keyOf(pathOf(field) + "[" + i + "]", list.get(i)));
        }
        return keys;
    }

    /** Returns the number of a field that must be there. */
    long number(String field, long min, long max) {
        if (value(field).isEmpty()) {
            report(field, "missing", "an integer");
            return min;
        }
        return number(field, min, max, min);
    }

    /** Returns the number of a field that may be missing. */
    long number(String field, long min, long max, long otherwise) {
        Optional<JsonNode> value = value(field);
        if (value.isEmpty()) {
            return otherwise;
        }
        JsonNode found = value.get();
        if (!found.isIntegralNumber()
                || !found.canConvertToLong()
                || found.longValue() < min
                || found.longValue() > max) {
            report(field, text(found), min + " to " + max);
            return min;
        }
        return found.longValue();
    }

    /** Returns the constant a field names in lower case; the field may be missing. */
    <E extends Enum<E>> E constant(String field, Class<E> type, E otherwise) {
        String name = text(field, lowerCase(otherwise));
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            if (lowerCase(constant).equals(name)) {
                return constant;
            }
            names.add(lowerCase(constant));
        }
        report(field, "\"" + name + "\"", "one of " + String.join(", ", names));
        return otherwise;
    }

    /** Returns the objects of a field that must be there. */
    <T> List<T> list(String field, Function<JsonObject, T> reader) {
        return read(field, listNode(field), reader);
    }

    /** Returns the objects of a field that may be missing. */
    <T> List<T> optionalList(String field, Function<JsonObject, T> reader) {
        return value(field).isEmpty() ? List.of() : list(field, reader);
    }

    /** Returns the object of a field that must be there. */
    <T> Optional<T> object(String field, Function<JsonObject, T> reader) {
        Optional<JsonNode> value = value(field);
        if (value.isEmpty()) {
            report(field, "missing", "an object");
            return Optional.empty();
        }
        return Optional.of(read(value.get(), pathOf(field), unknownFields, problems, reader));
    }

    /** Returns the object of a field that may be missing. */
    <T> Optional<T> optionalObject(String field, Function<JsonObject, T> reader) {
        return value(field).isEmpty() ? Optional.empty() : object(field, reader);
    }

    /** Says whether nothing was wrong with what was taken so far. */
    boolean isSound() {
        return problems.size() == problemsBefore;
    }

    /** Reports that a field's value is not as it should be. */
    void report(String field, String value, String expectation) {
        problems.add(new Problem(pathOf(field), value, expectation));
    }

    /** Reports problems whose paths are relative to this object. */
    void report(InvalidTopologyException exception) {
        exception.problems().forEach(problem -> problems.add(problem.within(path)));
    }

    private <T> List<T> read(String field, JsonNode list, Function<JsonObject, T> reader) {
        List<T> results = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            results.add(read(list.get(i), pathOf(field) + "[" + i + "]", unknownFields, problems, reader));
        }
        return results;
    }

    /** Returns the list node of a field, or a node without elements after a problem was reported. */
    private JsonNode listNode(String field) {
        Optional<JsonNode> value = value(field);
        if (value.isEmpty() || !value.get().isArray()) {
            report(field, value.map(JsonObject::text).orElse("missing"), "a list");
            return MissingNode.getInstance();
        }
        return value.get();
    }

    private Optional<JsonNode> value(String field) {
        known.add(field);
        JsonNode value = node.get(field);
        return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
    }

    private String textOf(String field, JsonNode value) {
        if (!value.isTextual()) {
            report(field, text(value), "a string");
            return "";
        }
        return value.textValue();
    }

    private String keyOf(String keyPath, JsonNode value) {
        if (!value.isTextual() && !value.isIntegralNumber()) {
            problems.add(new Problem(keyPath, text(value), "a string or an integer"));
            return "";
        }
        return value.asText();
    }

    private String pathOf(String field) {
        return path.isEmpty() ? field : path + "." + field;
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String text(JsonNode node) {
        if (node.isMissingNode()) {
            return "empty";
        }
        return node.isContainerNode()
                ? "a JSON " + node.getNodeType().name().toLowerCase(Locale.ROOT)
                : node.toString();
    }
}
