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

package io.github.ublk4j.spring;

import java.util.HashMap;
import java.util.Map;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * A Spring application whose disk is on a server that it starts itself, for
 * {@code docs/benchmarks/run.sh}. Prints the path of the disk. Arguments:
 * {@code declared:redis|declared:r2dbc MODE}.
 */
final class StoreBenchmarkServer {

	private StoreBenchmarkServer() {
	}

	private static Map<String, Object> properties(String store) {
		Map<String, Object> properties = new HashMap<>();
		properties.put("ublk.devices.declared.store", store + ":benchmark");
		properties.put("ublk.devices.declared.size", "64MB");
		switch (store) {
			case "redis" -> properties.put("spring.data.redis.port", LocalServer.redis().port());
			case "r2dbc" -> properties.put("spring.r2dbc.url",
					"r2dbc:postgresql://postgres@127.0.0.1:" + LocalServer.postgres().port() + "/postgres");
			default -> throw new IllegalArgumentException("There is no server for the store " + store);
		}
		return properties;
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws InterruptedException {
		Map<String, Object> properties = properties(arguments[0].substring("declared:".length()));
		properties.put("ublk.devices.declared.data-mode", arguments[1]);
		SpringApplication application = new SpringApplication(Application.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		application.setDefaultProperties(properties);
		ConfigurableApplicationContext context = application.run();
		System.out.println(context.getBean(BlockDevices.class).find("declared").orElseThrow().path());
		Thread.currentThread().join();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
