// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.metrics.Metric;
import io.trunkline.server.config.SettingCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Everything the Markdown files name exists: linked files and headings, paths, settings, metrics, commands. */
class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```");
    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.*)$");
    private static final Pattern METRIC = Pattern.compile("\\btrunkline_[a-z_]+");
    private static final Pattern COMMAND = Pattern.compile("\\./trunkline +([a-z-]+)");
    private static final Pattern PATH = Pattern.compile("[\\w.-]+(/[\\w.-]+)+");
    private static final Pattern KEY = Pattern.compile("[a-z_]+(\\.([a-z_]+|<name>))+");
    private static final Pattern CLASS = Pattern.compile("([A-Z]\\w+)\\.java");

    /** Top-level folders and files: a path in the text that begins with one of them must exist. */
    private static final Set<String> TOPS =
            Set.of("router-core", "router-server", "shard-config", "integration-tests", "docker", ".ci", ".mvn", "src");

    private record Doc(Path file, String text) {
        /** Returns the text outside of fenced blocks. */
        String prose() {
            return FENCE.matcher(text).replaceAll("");
        }

        List<String> code() {
            return matches(CODE, prose(), 1);
        }

        Path resolve(String path) {
            return file.resolveSibling(path).normalize();
        }
    }

    private final List<Doc> docs = read();

    @Test
    void findsTheDocuments() {
        assertThat(docs).extracting(doc -> ROOT.relativize(doc.file).toString()).contains("router-server/README.md");
    }

    @Test
    void everyLinkLeadsSomewhere() {
        List<String> broken = new ArrayList<>();
        for (Doc doc : docs) {
            for (String link : matches(LINK, doc.prose(), 1)) {
                if (link.matches("(https?|mailto):.*")) {
                    continue;
                }
                String[] parts = link.split("#", 2);
                Path target = parts[0].isEmpty() ? doc.file : doc.resolve(parts[0]);
                if (!Files.exists(target)) {
                    broken.add(doc.file + ": " + link);
                } else if (parts.length == 2 && !anchors(target).contains(parts[1])) {
                    broken.add(doc.file + ": " + link + " (no such heading)");
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyPathExists() {
        List<String> missing = new ArrayList<>();
        for (Doc doc : docs) {
            for (String code : doc.code()) {
                if (PATH.matcher(code).matches()
                        && TOPS.contains(code.substring(0, code.indexOf('/')))
                        && !Files.exists(ROOT.resolve(code))
                        && !Files.exists(doc.resolve(code))) {
                    missing.add(doc.file + ": " + code);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void everyJavaFileExists() throws IOException {
        Set<String> classes;
        try (Stream<Path> files = Files.walk(ROOT)) {
            classes = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .collect(Collectors.toSet());
        }
        for (Doc doc : docs) {
            for (String code : doc.code()) {
                if (CLASS.matcher(code).matches()) {
                    assertThat(classes).as("%s", doc.file).contains(code);
                }
            }
        }
    }

    @Test
    void everySettingExists() {
        List<String> keys = SettingCatalog.entries().stream()
                .map(SettingCatalog.Entry::path)
                .toList();
        Set<String> sections = keys.stream().map(key -> key.split("\\.")[0]).collect(Collectors.toSet());
        List<String> unknown = new ArrayList<>();
        for (Doc doc : docs) {
            for (String code : doc.code()) {
                // A key under databases.<name> is one of defaults.
                String key = code.replaceFirst("^databases\\.<name>$", "databases")
                        .replaceFirst("^databases\\.(<name>|\\w+)\\.", "defaults.");
                if (KEY.matcher(key).matches()
                        && !key.matches(".*\\.(json|yaml|md|java)")
                        && sections.contains(key.split("\\.")[0])
                        && !keys.contains(key)) {
                    unknown.add(doc.file + ": " + code);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void everyMetricExists() {
        Set<String> names =
                Arrays.stream(Metric.values()).map(Metric::exposedName).collect(Collectors.toSet());
        List<String> unknown = new ArrayList<>();
        for (Doc doc : docs) {
            for (String name : matches(METRIC, doc.text, 0)) {
                if (!names.contains(name.replaceFirst("_(bucket|sum|count)$", "")) && !names.contains(name)) {
                    unknown.add(doc.file + ": " + name);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void everyCommandExists() throws IOException {
        String launcher = Files.readString(ROOT.resolve("trunkline"));
        for (Doc doc : docs) {
            for (String command : matches(COMMAND, doc.text, 1)) {
                assertThat(launcher)
                        .as("%s names ./trunkline %s", doc.file, command)
                        .containsPattern("(?m)^  (.*\\| )?" + command + "( \\|.*)?\\)");
            }
        }
    }

    private static List<Doc> read() {
        try (Stream<Path> files = Files.walk(ROOT)) {
            List<Doc> docs = new ArrayList<>();
            for (Path file : files.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> !ROOT.relativize(file).toString().matches("(.*/)?(target|\\.git)/.*"))
                    .sorted()
                    .toList()) {
                docs.add(new Doc(file, Files.readString(file)));
            }
            return docs;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the anchors GitHub gives to the headings of a Markdown file; none for other files. */
    private static List<String> anchors(Path file) {
        try {
            String text = Files.isRegularFile(file) ? Files.readString(file) : "";
            return matches(HEADING, FENCE.matcher(text).replaceAll(""), 1).stream()
                    .map(heading -> heading.toLowerCase(java.util.Locale.ROOT)
                            .replaceAll("[^\\w\\- ]", "")
                            .replace(' ', '-'))
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> matches(Pattern pattern, String text, int group) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult match) -> match.group(group))
                .toList();
    }
}
