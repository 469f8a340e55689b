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

package io.github.ublk4j.spring.autoconfigure;

import java.util.List;

import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostCheck.State;

import org.springframework.boot.ansi.AnsiColor;
import org.springframework.boot.ansi.AnsiOutput;

/**
 * The checks of a host as a person reads them: a line for each, and below it what mends
 * it. Coloured where Spring Boot colours its log, which is on terminals.
 */
final class HostReport {

	private final List<HostCheck> checks;

	HostReport(List<HostCheck> checks) {
		this.checks = checks;
	}

	boolean isUsable() {
		return count(State.FAILURE) == 0;
	}

	private long count(State state) {
		return this.checks.stream().filter((check) -> check.state() == state).count();
	}

	@Override
	public String toString() {
		int width = this.checks.stream().mapToInt((check) -> check.name().length()).max().orElse(0);
		StringBuilder report = new StringBuilder("What ublk needs of this host\n\n");
		for (HostCheck check : this.checks) {
			report.append(coloured(check.state()))
				.append(pad(check.name(), width + 2))
				.append(check.finding())
				.append('\n');
			if (check.remedy() != null) {
				report.append(pad("", width + 11)).append("-> ").append(check.remedy()).append('\n');
			}
		}
		return report.append('\n').append(verdict()).append('\n').toString();
	}

	private static String coloured(State state) {
		AnsiColor colour = switch (state) {
			case OK -> AnsiColor.GREEN;
			case WARNING -> AnsiColor.YELLOW;
			case FAILURE -> AnsiColor.RED;
		};
		return AnsiOutput.toString(colour, pad(state.name(), 9), AnsiColor.DEFAULT);
	}

	private static String pad(String text, int width) {
		return text + " ".repeat(width - text.length());
	}

	private String verdict() {
		return (isUsable() ? "Disks can be served here" : "Disks cannot be served here") + ": "
				+ number(State.FAILURE, "failure") + ", " + number(State.WARNING, "warning") + ".";
	}

	private String number(State state, String noun) {
		long count = count(state);
		return count + " " + noun + ((count == 1) ? "" : "s");
	}

}
