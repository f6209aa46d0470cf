// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Turns YAML mappings into records by the {@link Setting} of their components, and collects everything that is wrong on the way.
 *
 * <p>A value that cannot be read is replaced by its default, so that one pass finds all problems; the records are only of use when {@link
 * #problems} is empty. One per file.
 */
final class SectionReader {
    private static final String MISSING = "missing";

    private final Substitution substitution;
    private final List<ConfigProblem> problems = new ArrayList<>();

    SectionReader(Substitution substitution) {
        this.substitution = substitution;
    }

    /** Returns what was wrong so far. */
    List<ConfigProblem> problems() {
        return problems;
    }

    /** Returns the key of a component: {@code poolSize} is {@code pool_size}. */
    static String key(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Returns the components of a section type that are keys, in order. */
    static List<String> keys(Class<?> section) {
        return Arrays.stream(section.getRecordComponents())
                .map(SectionReader::key)
                .toList();
    }

    /** Returns what a map with sections as values holds: by name, in the order of the file. */
    <R extends Record> Map<String, R> map(Class<R> type, @Nullable Node node, String path, @Nullable Record inherited) {
        Map<String, R> sections = new LinkedHashMap<>();
        entries(node, path)
                .forEach((name, value) -> sections.put(name, section(type, value, join(path, name), inherited)));
        return Collections.unmodifiableMap(sections);
    }

    /**
     * Returns one section.
     *
     * @param node what stands in the file, null when nothing does
     * @param inherited the section whose values hold for keys that are not written, null for the defaults
     */
    <R extends Record> R section(Class<R> type, @Nullable Node node, String path, @Nullable Record inherited) {
        int problemsBefore = problems.size();
        Map<String, Node> entries = entries(node, path);
        List<String> known = keys(type);
        entries.forEach((key, value) -> {
            if (!known.contains(key)) {
                add(join(path, key), "unknown key", NearestKey.expectation(key, known), value);
            }
        });
        RecordComponent[] components = type.getRecordComponents();
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (RecordComponent component : components) {
            String key = key(component);
            Node value = entries.get(key);
            if (value == null && inherited != null) {
                values.put(key, read(component, inherited));
            } else {
                values.put(key, component(component, value, join(path, key), values));
            }
        }
        R section = construct(type, components, values);
        if (problems.size() == problemsBefore && section instanceof Validated validated) {
            validated.validate((key, value, expectation) ->
                    add(join(path, key), value, expectation, entries.getOrDefault(key, node)));
        }
        return section;
    }

    private @Nullable Object component(
            RecordComponent component, @Nullable Node node, String path, Map<String, @Nullable Object> before) {
        Class<?> type = component.getType();
        if (type == Map.class) {
            InheritsFrom from = component.getAnnotation(InheritsFrom.class);
            Record inherited = from == null ? null : (Record) before.get(from.value());
            return map(argument(component), node, path, inherited);
        }
        if (type == List.class) {
            return list(node, path);
        }
        if (!Scalars.isScalar(type)) {
            return section(type.asSubclass(Record.class), node, path, null);
        }
        return scalar(type, setting(component), node, path);
    }

    private @Nullable Object scalar(Class<?> type, Setting setting, @Nullable Node node, String path) {
        if (node == null) {
            if (setting.byDefault().equals(Setting.REQUIRED)) {
                add(path, MISSING, Scalars.expectation(type, setting.range()), null);
            }
            return defaultValue(type, setting);
        }
        if (!(node instanceof ScalarNode scalar)) {
            add(path, shape(node), Scalars.expectation(type, setting.range()), node);
            return defaultValue(type, setting);
        }
        try {
            String text = substitution.variables(scalar.getValue());
            if (type == Secret.class) {
                return new Secret(substitution.secret(text));
            }
            Object value = Scalars.read(type, text, setting.range());
            return value instanceof Path written ? substitution.path(written) : value;
        } catch (Substitution.Missing e) {
            add(path, scalar.getValue(), e.expectation(), node);
        } catch (IllegalArgumentException e) {
            add(path, scalar.getValue(), Scalars.expectation(type, setting.range()), node);
        }
        return defaultValue(type, setting);
    }

    private @Nullable Object defaultValue(Class<?> type, Setting setting) {
        if (setting.byDefault().equals(Setting.ABSENT) || setting.byDefault().equals(Setting.REQUIRED)) {
            return null;
        }
        if (setting.byDefault().equals(Setting.EMPTY)) {
            return "";
        }
        Object value = Scalars.read(type, setting.byDefault(), setting.range());
        return value instanceof Path written ? substitution.path(written) : value;
    }

    private List<String> list(@Nullable Node node, String path) {
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof SequenceNode sequence)) {
            add(path, shape(node), "a list such as [a, b]", node);
            return List.of();
        }
        List<String> elements = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            String place = path + "[" + elements.size() + "]";
            if (!(element instanceof ScalarNode scalar)) {
                add(place, shape(element), "text", element);
                continue;
            }
            try {
                elements.add(substitution.variables(scalar.getValue()));
            } catch (Substitution.Missing e) {
                add(place, scalar.getValue(), e.expectation(), element);
            }
        }
        return List.copyOf(elements);
    }

    /** Returns the pairs of a mapping whose value is not empty; an absent or empty node has none. */
    private Map<String, Node> entries(@Nullable Node node, String path) {
        Map<String, Node> entries = new LinkedHashMap<>();
        if (node == null || isEmpty(node)) {
            return entries;
        }
        if (!(node instanceof MappingNode mapping)) {
            add(path, shape(node), "a section with keys", node);
            return entries;
        }
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                add(path, shape(tuple.getKeyNode()), "a key", tuple.getKeyNode());
            } else if (entries.put(key.getValue(), tuple.getValueNode()) != null) {
                add(join(path, key.getValue()), "written twice", "each key once", key);
            }
        }
        entries.values().removeIf(SectionReader::isEmpty);
        return entries;
    }

    private void add(String path, String value, String expectation, @Nullable Node node) {
        int line = node == null
                ? 0
                : node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
        problems.add(new ConfigProblem(path, value, expectation, line));
    }

    /** Returns true for {@code key:} with nothing behind it, which means the default. */
    private static boolean isEmpty(Node node) {
        return node instanceof ScalarNode scalar && Tag.NULL.equals(scalar.getTag());
    }

    private static String shape(Node node) {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        return node instanceof SequenceNode ? "a list" : "a section";
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    static Setting setting(RecordComponent component) {
        Setting setting = component.getAnnotation(Setting.class);
        if (setting == null) {
            throw new AssertionError("no @Setting on " + component);
        }
        return setting;
    }

    /** Returns the section type of a map from names to sections. */
    static Class<? extends Record> argument(RecordComponent map) {
        return ((Class<?>) ((ParameterizedType) map.getGenericType()).getActualTypeArguments()[1])
                .asSubclass(Record.class);
    }

    private static @Nullable Object read(RecordComponent component, Record section) {
        try {
            return component.getAccessor().invoke(section);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new AssertionError(e);
        }
    }

    private static <R extends Record> R construct(
            Class<R> type, RecordComponent[] components, Map<String, @Nullable Object> values) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(types)
                    .newInstance(values.values().toArray());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
