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
import java.util.function.Function;
import java.util.function.IntConsumer;

import io.github.ublk4j.engine.host.HostCheck;

import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * {@code --ublk.doctor}: prints what the host lacks and ends the process, before anything
 * of the application is made. The status is 0 if disks can be served, otherwise 1.
 */
final class HostDoctor implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

	static final String PROPERTY = "ublk.doctor";

	private final Function<UblkProperties, List<HostCheck>> checks;

	private final PrintStream out;

	private final IntConsumer exit;

	HostDoctor() {
		this((properties) -> UblkAutoConfiguration.builder(properties).preflight(), System.out, System::exit);
	}

	HostDoctor(Function<UblkProperties, List<HostCheck>> checks, PrintStream out, IntConsumer exit) {
		this.checks = checks;
		this.out = out;
		this.exit = exit;
	}

	@Override
	public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
		ConfigurableEnvironment environment = event.getEnvironment();
		if (isWanted(environment)) {
			UblkProperties properties = Binder.get(environment).bindOrCreate("ublk", UblkProperties.class);
			properties.requireValid();
			HostReport report = new HostReport(this.checks.apply(properties));
			this.out.println(report);
			this.out.flush();
			this.exit.accept(report.isUsable() ? 0 : 1);
		}
	}

	// an option without a value is empty, and means true
	private static boolean isWanted(ConfigurableEnvironment environment) {
		String value = environment.getProperty(PROPERTY);
		return value != null
				&& (value.isEmpty() || Boolean.TRUE.equals(environment.getProperty(PROPERTY, Boolean.class)));
	}

	// after those that read the configuration and set up colours
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

}
