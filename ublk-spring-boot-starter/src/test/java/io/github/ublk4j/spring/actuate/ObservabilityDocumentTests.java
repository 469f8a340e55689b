/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring.actuate;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

import io.micrometer.common.docs.KeyName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.config.YamlMapFactoryBean;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Holds documentation, dashboard and alerts to {@link UblkMeters}.
 */
class ObservabilityDocumentTests {

	@Test
	void everyMeterIsInTheReference() {
		String rows = Arrays.stream(UblkMeters.values())
			.map((meter) -> "| `" + meter.getName() + "` | " + meter.getType().name().toLowerCase(Locale.ROOT) + " | "
					+ ((meter.getBaseUnit() != null) ? meter.getBaseUnit() : "") + " | "
					+ Arrays.stream(meter.getKeyNames()).map(KeyName::asString).collect(Collectors.joining(", "))
					+ " | " + meter.getDescription() + " |\n")
			.collect(Collectors.joining());
		assertThat(ObservabilityDocument.text()).contains(rows);
	}

	@Test
	void everyKeyOfObservationsIsInTheReference() {
		assertThat(ObservabilityDocument.text())
			.contains("`" + new DefaultBlockRequestObservationConvention().getName() + "`");
		assertThat(UblkObservations.values()).allSatisfy((observation) -> {
			assertThat(observation.getLowCardinalityKeyNames()).allSatisfy(
					(key) -> assertThat(ObservabilityDocument.text()).contains("| `" + key.asString() + "` | low |"));
			assertThat(observation.getHighCardinalityKeyNames()).allSatisfy(
					(key) -> assertThat(ObservabilityDocument.text()).contains("| `" + key.asString() + "` | high |"));
		});
	}

	@Test
	void dashboardAsksForMetersThatExist() {
		JsonNode dashboard = JsonMapper.shared().readTree(ObservabilityDocument.read("grafana-dashboard.json"));
		assertThat(dashboard.path("schemaVersion").asInt()).isGreaterThanOrEqualTo(39);
		List<String> variables = StreamSupport.stream(dashboard.path("templating").path("list").spliterator(), false)
			.map((variable) -> variable.path("name").asString())
			.toList();
		assertThat(variables).containsExactly("datasource", "device");
		Set<Integer> ids = new HashSet<>();
		for (JsonNode panel : dashboard.path("panels")) {
			assertThat(ids.add(panel.path("id").asInt())).as("id of %s", panel.path("title")).isTrue();
			assertThat(panel.path("datasource").path("uid").asString()).isEqualTo("${datasource}");
			assertThat(panel.path("targets")).isNotEmpty().allSatisfy((target) -> {
				String query = target.path("expr").asString();
				assertThat(query).contains("device=~\"$device\"");
				assertThat(PrometheusNames.in(query)).isNotEmpty().isSubsetOf(PrometheusNames.documented());
			});
		}
		assertThat(ids).hasSize(12);
	}

	@Test
	void panelsOfTheDashboardDoNotLieOnEachOther() {
		JsonNode dashboard = JsonMapper.shared().readTree(ObservabilityDocument.read("grafana-dashboard.json"));
		Set<String> cells = new HashSet<>();
		for (JsonNode panel : dashboard.path("panels")) {
			JsonNode place = panel.path("gridPos");
			int right = place.path("x").asInt() + place.path("w").asInt();
			assertThat(right).as("right side of %s", panel.path("title")).isLessThanOrEqualTo(24);
			for (int x = place.path("x").asInt(); x < right; x++) {
				for (int y = 0; y < place.path("h").asInt(); y++) {
					assertThat(cells.add(x + ", " + (place.path("y").asInt() + y)))
						.as("place of %s", panel.path("title"))
						.isTrue();
				}
			}
		}
	}

	@Test
	void prometheusUnderstandsDashboardAndAlerts(@TempDir Path directory) throws Exception {
		assumeThat(Arrays.stream(System.getenv("PATH").split(File.pathSeparator))).as("promtool is installed")
			.anyMatch((path) -> Files.isExecutable(Path.of(path, "promtool")));
		JsonNode dashboard = JsonMapper.shared().readTree(ObservabilityDocument.read("grafana-dashboard.json"));
		StringBuilder rules = new StringBuilder("groups:\n- name: dashboard\n  rules:\n");
		for (JsonNode panel : dashboard.path("panels")) {
			for (JsonNode target : panel.path("targets")) {
				String query = target.path("expr").asString().replace("$__rate_interval", "5m");
				rules.append("  - {record: panel, expr: ")
					.append(JsonMapper.shared().writeValueAsString(query))
					.append("}\n");
			}
		}
		Path panels = Files.writeString(directory.resolve("panels.yaml"), rules);
		Process promtool = new ProcessBuilder("promtool", "check", "rules", "--lint=none", panels.toString(),
				"../docs/prometheus-alerts.yaml")
			.redirectErrorStream(true)
			.start();
		String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(promtool.waitFor()).as(said).isZero();
	}

	@Test
	void alertsAskForMetersThatExist() {
		YamlMapFactoryBean yaml = new YamlMapFactoryBean();
		yaml.setResources(new ByteArrayResource(
				ObservabilityDocument.read("prometheus-alerts.yaml").getBytes(StandardCharsets.UTF_8)));
		JsonNode rules = JsonMapper.shared()
			.<JsonNode>valueToTree(yaml.getObject())
			.path("groups")
			.path(0)
			.path("rules");
		assertThat(rules).extracting((rule) -> rule.path("alert").asString())
			.containsExactly("UblkDiskFailed", "UblkRequestStuck", "UblkErrors", "UblkQueueSaturated",
					"UblkMirrorDegraded");
		assertThat(rules).allSatisfy((rule) -> {
			assertThat(PrometheusNames.in(rule.path("expr").asString())).isNotEmpty()
				.isSubsetOf(PrometheusNames.documented());
			assertThat(rule.path("annotations").path("summary").asString()).contains("{{ $labels.device }}");
		});
	}

}
