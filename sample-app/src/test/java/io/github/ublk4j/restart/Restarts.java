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

package io.github.ublk4j.restart;

import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.simulation.SimulatedDisk;

import reactor.core.scheduler.Schedulers;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.OverridingClassLoader;

/**
 * Starts, uses and closes an application several times in one process, with classes of
 * its own each time, as development tools do. Then tells what is left.
 */
public final class Restarts {

	private static final int TIMES = 4;

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final Pattern INSTANCES = Pattern
		.compile("(?m)^ *\\d+: +(\\d+) +\\d+ +(\\S*io\\.github\\.ublk4j\\.(?!restart)\\S*)");

	private Restarts() {
	}

	public static void main(String[] args) throws Exception {
		// Spring Framework and JNA keep what they are first used by, some for ever, some
		// for a minute
		System.out.println("ublk available: " + UblkEngine.isAvailable());
		run("--ublk.enabled=false");
		List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
		Map<String, Integer> early = Map.of();
		for (int i = 0; i < TIMES; i++) {
			loaders.add(run(args));
			if (i == 1) {
				early = settled(loaders);
			}
		}
		settled(loaders);
		Map<String, Integer> late = instances();
		early.forEach((type, count) -> late.merge(type, count, (now, before) -> now - before));
		late.values().removeIf((more) -> more <= 0);
		System.out.println("left threads: " + threads());
		System.out.println("left class loaders: " + alive(loaders));
		System.out.println("left MBeans: " + managed());
		System.out.println("left objects: " + late);
		System.exit(0);
	}

	private static WeakReference<ClassLoader> run(String... args) throws Exception {
		ClassLoader loader = new OverridingClassLoader(Restarts.class.getClassLoader()) {

			@Override
			protected boolean isEligibleForOverriding(String className) {
				return className.startsWith(RestartedApplication.class.getName());
			}

		};
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		thread.setContextClassLoader(loader);
		try (ConfigurableApplicationContext context = SpringApplication
			.run(loader.loadClass(RestartedApplication.class.getName()), args)) {
			for (SimulatedDisk disk : context.getBean(SimulatedUblk.class).disks()) {
				disk.write(0, new byte[4096]).then(disk.read(0, 4096)).block(PATIENCE);
			}
			System.out.println("served " + context.getBean(SimulatedUblk.class).disks().size() + " disks");
			System.out.println("managed " + managed());
		}
		finally {
			thread.setContextClassLoader(before);
		}
		return new WeakReference<>(loader);
	}

	/**
	 * Waits until nothing changes any more for the better.
	 * @return the objects of the engine and the starter that are left
	 */
	private static Map<String, Integer> settled(List<WeakReference<ClassLoader>> loaders) throws Exception {
		// those of the process keep whoever made their threads
		Schedulers.shutdownNow();
		long end = System.nanoTime() + PATIENCE.toNanos();
		do {
			Thread.sleep(200);
			instances();
		}
		while ((!threads().isEmpty() || !alive(loaders).isEmpty()) && System.nanoTime() - end < 0);
		return instances();
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().contains("ublk")
					|| thread.getContextClassLoader() instanceof OverridingClassLoader)
			.map(Thread::getName)
			.toList();
	}

	/**
	 * Returns which of the class loaders are still reachable.
	 */
	private static List<Integer> alive(List<WeakReference<ClassLoader>> loaders) {
		return IntStream.range(0, loaders.size()).filter((i) -> loaders.get(i).get() != null).boxed().toList();
	}

	private static List<String> managed() throws JMException {
		return ManagementFactory.getPlatformMBeanServer()
			.queryNames(new ObjectName("org.springframework.boot:*"), null)
			.stream()
			.map(ObjectName::getCanonicalName)
			.toList();
	}

	/**
	 * Counts the objects that can be reached, after a garbage collection.
	 */
	private static Map<String, Integer> instances() throws JMException {
		MBeanServer server = ManagementFactory.getPlatformMBeanServer();
		Object histogram = server.invoke(new ObjectName("com.sun.management:type=DiagnosticCommand"),
				"gcClassHistogram", new Object[] { new String[0] }, new String[] { String[].class.getName() });
		Map<String, Integer> instances = new TreeMap<>();
		INSTANCES.matcher((String) histogram)
			.results()
			.forEach((MatchResult row) -> instances.merge(row.group(2).replaceAll("\\$\\$Lambda.*", "\\$\\$Lambda"),
					Integer.valueOf(row.group(1)), Integer::sum));
		return instances;
	}

}
