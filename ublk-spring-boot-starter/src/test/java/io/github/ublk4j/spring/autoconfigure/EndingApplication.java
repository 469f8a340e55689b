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

import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Configuration;

/**
 * An application that a command of the starter ends before it starts.
 */
final class EndingApplication {

	static final IntConsumer EXIT = (status) -> {
		throw new Exit(status);
	};

	private EndingApplication() {
	}

	/**
	 * Runs it.
	 * @param command takes the place of the starter's own; its exit is {@link #EXIT}
	 * @return the status
	 */
	static int run(ApplicationListener<?> command, String... arguments) {
		SpringApplication application = new SpringApplication(Application.class);
		List<ApplicationListener<?>> listeners = new ArrayList<>(application.getListeners());
		listeners.removeIf(command.getClass()::isInstance);
		listeners.add(command);
		application.setListeners(listeners);
		application.setLogStartupInfo(false);
		try {
			application.run(arguments);
		}
		catch (Exit exit) {
			return exit.status;
		}
		throw new AssertionError("The application started");
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

	}

	private static final class Exit extends RuntimeException {

		@Serial
		private static final long serialVersionUID = 1L;

		private final int status;

		Exit(int status) {
			this.status = status;
		}

	}

}
