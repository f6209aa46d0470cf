// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.docs;

import io.trunkline.metrics.Metric;
import io.trunkline.server.config.SettingCatalog;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.FrontendTag;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The names the repository has: types, settings, metrics, commands, profiles. Read once from sources and catalogues; immutable. */
final class RepositoryNames {
    private static final Pattern TYPE =
            Pattern.compile("\\b(?:class|interface|record|enum|@interface) +([A-Z]\\w*)(?=[\\s<({])");
    private static final Pattern SUBCOMMAND = Pattern.compile("@(?:\\w+\\.)?Command\\(\\s*name = \"([\\w ]+)\"");
    private static final Pattern PROFILE = Pattern.compile("(?s)<profile>.*?<id>([\\w-]+)</id>");
    private static final Pattern SHARED = Pattern.compile("(?s)@SharedAcrossLoops\\(.*?\\)\\s+[\\w ]*?class (\\w+)");

    private final Path root;
    private final Map<String, String> sourceByType = new HashMap<>();
    private final Set<String> sharedTypes = new TreeSet<>();
    private final List<Path> documents = new ArrayList<>();
    private final Set<String> subcommands = new HashSet<>();
    private final Set<String> profiles = new HashSet<>();
    private final Set<String> settings;
    private final Set<String> sections;
    private final Set<String> metrics;
    private final Set<String> protocolWords = new HashSet<>(Set.of(
            "AuthenticationOk",
            "CancelRequest",
            "GSSENCRequest",
            "SASLInitialResponse",
            "SSLRequest",
            "StartupMessage"));

    private RepositoryNames(Path root) {
        this.root = root;
        settings = SettingCatalog.entries().stream()
                .map(SettingCatalog.Entry::path)
                .collect(Collectors.toSet());
        sections = settings.stream().map(key -> key.split("\\.")[0]).collect(Collectors.toSet());
        metrics = Arrays.stream(Metric.values()).map(Metric::exposedName).collect(Collectors.toSet());
        addProtocolWords(FrontendTag.class);
        addProtocolWords(BackendTag.class);
    }

    /** Reads the names of the repository in a folder. */
    static RepositoryNames of(Path root) {
        RepositoryNames names = new RepositoryNames(root);
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    String name = folder.getFileName().toString();
                    return name.equals("target") || name.equals(".git")
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    names.add(file);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return names;
    }

    private void add(Path file) throws IOException {
        String name = file.getFileName().toString();
        if (name.endsWith(".md")) {
            documents.add(file);
        } else if (name.equals("pom.xml")) {
            matches(PROFILE, Files.readString(file), profiles);
        } else if (name.endsWith(".java")) {
            String source = Files.readString(file);
            Set<String> types = new HashSet<>();
            matches(TYPE, source, types);
            types.forEach(type -> sourceByType.merge(type, source, String::concat));
            if (file.toString().contains("src/main/java")) {
                matches(SHARED, source, sharedTypes);
            }
            matches(SUBCOMMAND, source, subcommands);
        }
    }

    private static void matches(Pattern pattern, String text, Set<String> names) {
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
    }

    /** READY_FOR_QUERY is the message ReadyForQuery. */
    private void addProtocolWords(Class<?> tags) {
        for (Field field : tags.getFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == byte.class) {
                StringBuilder word = new StringBuilder();
                for (String part : field.getName().split("_")) {
                    word.append(part.charAt(0)).append(part.substring(1).toLowerCase(java.util.Locale.ROOT));
                }
                protocolWords.add(word.toString());
            }
        }
    }

    /** Returns the Markdown files. */
    List<Path> documents() {
        return documents.stream().sorted().toList();
    }

    /** Returns the types that say they are shared across event loops. */
    Set<String> sharedTypes() {
        return Set.copyOf(sharedTypes);
    }

    boolean hasType(String name) {
        return sourceByType.containsKey(name);
    }

    /** Returns true when the file of a type has this word in it. */
    boolean hasMember(String type, String member) {
        return Pattern.compile("\\b" + Pattern.quote(member) + "\\b")
                .matcher(sourceByType.getOrDefault(type, ""))
                .find();
    }

    /** Returns true for the name of a message of the protocol. */
    boolean isProtocolWord(String word) {
        return protocolWords.contains(word);
    }

    boolean hasSection(String name) {
        return sections.contains(name);
    }

    boolean hasSetting(String key) {
        return settings.contains(key);
    }

    boolean hasSessionSetting(String name) {
        return sourceByType.getOrDefault("RouterCommand", "").contains('"' + name + '"');
    }

    boolean hasMetric(String name) {
        return metrics.contains(name);
    }

    boolean hasCommand(String name) {
        return Pattern.compile("(?m)^  (.*\\| )?" + name + "( \\|.*)?\\)")
                .matcher(DocsChecker.read(root.resolve("trunkline")))
                .find();
    }

    boolean hasSubcommand(String command, String name) {
        // Only these two have commands below them.
        return !Set.of("topology", "demo").contains(command) || subcommands.contains(name);
    }

    boolean hasProfile(String name) {
        return profiles.contains(name);
    }
}
