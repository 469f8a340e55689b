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

import java.io.PrintStream;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.ublk4j.engine.DriverDevice;
import io.github.ublk4j.engine.UblkEngine;

import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * {@code --ublk.owner=ublkc0}: prints the user and the group that made a device, as
 * numbers, and ends the process, before anything of the application is made. A udev rule
 * gives the nodes of a device to them.
 */
final class DiskOwner implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

	static final String PROPERTY = "ublk.owner";

	private static final Pattern NODE = Pattern.compile("(?:/dev/)?ublk[bc](\\d{1,9})(?:p\\d+)?");

	private final Supplier<List<DriverDevice>> devices;

	private final PrintStream out;

	private final PrintStream error;

	private final IntConsumer exit;

	DiskOwner() {
		this(DiskOwner::devicesOfThisHost, System.out, System.err, System::exit);
	}

	DiskOwner(Supplier<List<DriverDevice>> devices, PrintStream out, PrintStream error, IntConsumer exit) {
		this.devices = devices;
		this.out = out;
		this.error = error;
		this.exit = exit;
	}

	private static List<DriverDevice> devicesOfThisHost() {
		try (UblkEngine engine = UblkEngine.create()) {
			return engine.listDriverDevices().blockOptional().orElseThrow();
		}
	}

	@Override
	public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
		String node = event.getEnvironment().getProperty(PROPERTY);
		if (node != null) {
			this.exit.accept(print(node));
		}
	}

	private int print(String node) {
		try {
			DriverDevice device = find(node);
			this.out.println(
					Integer.toUnsignedString(device.ownerUid()) + " " + Integer.toUnsignedString(device.ownerGid()));
			return 0;
		}
		catch (RuntimeException ex) {
			this.error.println(PROPERTY + ": " + ex.getMessage());
			return 1;
		}
	}

	private DriverDevice find(String node) {
		Matcher matcher = NODE.matcher(node);
		if (!matcher.matches()) {
			throw new IllegalArgumentException("'" + node + "' is no node of a ublk device, such as ublkc0");
		}
		int id = Integer.parseInt(matcher.group(1));
		return this.devices.get()
			.stream()
			.filter((device) -> device.id() == id)
			.findAny()
			.orElseThrow(() -> new IllegalArgumentException("there is no ublk device " + id));
	}

	// after those that read the configuration
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

}
