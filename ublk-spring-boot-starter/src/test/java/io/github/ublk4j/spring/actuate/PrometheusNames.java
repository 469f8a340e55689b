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

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheusmetrics.PrometheusNamingConvention;

/**
 * The names of {@link UblkMeters} in Prometheus.
 */
final class PrometheusNames {

	private static final Pattern NAME = Pattern.compile("\\bublk_\\w+");

	private PrometheusNames() {
	}

	/**
	 * Returns the names of samples that are documented.
	 */
	static Set<String> documented() {
		return Stream.of(UblkMeters.values())
			.flatMap(PrometheusNames::of)
			.collect(Collectors.toCollection(TreeSet::new));
	}

	static Stream<String> of(UblkMeters meter) {
		String unit = (meter.getType() == Meter.Type.TIMER) ? "seconds" : meter.getBaseUnit();
		String name = new PrometheusNamingConvention().name(meter.getName(), meter.getType(), unit);
		return switch (meter.getType()) {
			case TIMER -> Stream.of(name + "_count", name + "_sum");
			case COUNTER -> Stream.of(name.endsWith("_total") ? name : name + "_total");
			default -> Stream.of(name);
		};
	}

	/**
	 * Returns the names of samples in a text, without comments of an exposition.
	 */
	static Set<String> in(String text) {
		return text.lines()
			.filter((line) -> !line.startsWith("#"))
			.flatMap((line) -> NAME.matcher(line).results())
			.map(MatchResult::group)
			.collect(Collectors.toCollection(TreeSet::new));
	}

}
