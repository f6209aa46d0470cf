// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReadmeExamplesTest {
    private static final Path README = Path.of("README.md");
    private static final Pattern JSON_BLOCK = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);

    static Stream<String> examples() throws IOException {
        List<String> examples = JSON_BLOCK
                .matcher(Files.readString(README))
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(examples).hasSize(2);
        return examples.stream();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void areValidAndSurviveAJourney(String example) {
        Topology topology = TopologyJson.read(example.getBytes(StandardCharsets.UTF_8), UnknownFields.REJECT);

        assertThat(TopologyJson.read(TopologyJson.write(topology), UnknownFields.REJECT))
                .isEqualTo(topology);
    }

    @Test
    void describeEveryFieldThatIsWritten() throws IOException {
        Set<String> fields = new TreeSet<>();
        collect(new ObjectMapper().readTree(TopologyJson.write(Topologies.sharded(1))), fields);
        String table = Files.lines(README).filter(line -> line.startsWith("| ")).reduce("", String::concat);

        assertThat(fields).allSatisfy(field -> assertThat(table).containsPattern("\\b" + field + "\\b"));
    }

    @Test
    void nameEveryKeyType() throws IOException {
        String readme = Files.readString(README);

        assertThat(KeyType.values()).allSatisfy(type -> assertThat(readme).contains("`" + type.typeName() + "`"));
    }

    private static void collect(JsonNode node, Set<String> fields) {
        node.fieldNames().forEachRemaining(fields::add);
        node.forEach(child -> collect(child, fields));
    }
}
