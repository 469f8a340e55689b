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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkUnavailableException;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.UnsupportedHost;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.context.event.ApplicationFailedEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ContextRefreshedEvent;

/**
 * Starts the declared disks before the web server accepts, and stops all disks after it
 * drained. All declared disks start, or none; and when something else keeps the
 * application from starting, disks that it has taken over are left as they were found.
 */
final class BlockDeviceLifecycle implements SmartLifecycle, ApplicationListener<ApplicationEvent> {

	/** Below those of the web server: it starts after the disks, and stops before. */
	static final int PHASE = DEFAULT_PHASE - 4096;

	private static final Logger logger = LoggerFactory.getLogger(BlockDeviceLifecycle.class);

	private static final int CONCURRENT_STOPS = 32;

	private final DiskDeclarations declarations;

	private final DiskSet disks;

	private final EngineSupplier engine;

	private final UnsupportedHost unsupportedHost;

	private final Leftovers leftovers;

	private final Runnable check;

	private final ApplicationContext context;

	private boolean declared;

	private volatile boolean running;

	private volatile boolean contextStarted;

	/**
	 * Creates a life cycle.
	 * @param declarations what is declared
	 * @param disks where it is served
	 * @param engine what serves it
	 * @param unsupportedHost what happens where nothing can be served
	 * @param leftovers what dead processes left
	 * @param check called before disks are started
	 * @param context what starts and stops with the disks
	 */
	BlockDeviceLifecycle(DiskDeclarations declarations, DiskSet disks, EngineSupplier engine,
			UnsupportedHost unsupportedHost, Leftovers leftovers, Runnable check, ApplicationContext context) {
		this.declarations = declarations;
		this.disks = disks;
		this.engine = engine;
		this.unsupportedHost = unsupportedHost;
		this.leftovers = leftovers;
		this.check = check;
		this.context = context;
	}

	/**
	 * Hears whether the application, and not just its disks, has started. Events of child
	 * contexts come by here too.
	 */
	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		if (event instanceof ContextRefreshedEvent refreshed && refreshed.getApplicationContext() == this.context) {
			this.contextStarted = true;
		}
		// a runner has failed, and the context is closed next
		else if (event instanceof ApplicationFailedEvent failed && failed.getApplicationContext() == this.context) {
			this.contextStarted = false;
		}
	}

	@Override
	public boolean supportsAsyncExecution() {
		return false;
	}

	@Override
	public synchronized void start() {
		if (this.running) {
			return;
		}
		try {
			declare();
			start(this.disks.reopen());
			this.running = true;
		}
		finally {
			if (!this.running) {
				stopAll(ServedDisk::undo);
			}
		}
	}

	/**
	 * Finds out what is declared, once. Stores are looked at only when the host can serve
	 * them: a file that is missing on a developer's machine is no error there. What is
	 * declared wrongly is an error anywhere.
	 */
	private void declare() {
		if (this.declared) {
			return;
		}
		List<DiskDeclaration> found = this.declarations.find();
		List<String> names = found.stream().map(DiskDeclaration::name).toList();
		UblkUnavailableException unavailable = found.isEmpty() ? null : unavailable();
		if (!this.engine.enabled()) {
			this.disks.declareUnserved(names, EngineSupplier.DISABLED);
		}
		else if (unavailable == null) {
			this.disks.declare(found.stream().map(DiskDeclaration::resolve).toList());
		}
		else {
			found.forEach(DiskDeclaration::requireValid);
			skip(names, unavailable);
		}
		this.declared = true;
	}

	private @Nullable UblkUnavailableException unavailable() {
		if (this.engine.enabled()) {
			try {
				this.engine.get();
			}
			catch (UblkUnavailableException ex) {
				return ex;
			}
		}
		return null;
	}

	private void skip(List<String> names, UblkUnavailableException unavailable) {
		if (this.unsupportedHost == UnsupportedHost.FAIL) {
			throw unavailable;
		}
		String reason = String.valueOf(unavailable.getMessage()).replaceFirst("\\.$", "") + ". " + unavailable.remedy();
		logger.warn("The application runs without its disks {}, because ublk cannot be used here "
				+ "and ublk.unsupported-host is skip: {}", names, reason);
		this.disks.declareUnserved(names, reason);
	}

	/**
	 * Starts one disk after the other, so that their numbers follow the order of their
	 * declaration. All are opened first, so that a bad path does not bring disks up only
	 * to take them down again.
	 */
	private void start(List<ServedDisk> wanted) {
		if (wanted.isEmpty()) {
			return;
		}
		UblkEngine current = this.engine.get();
		this.check.run();
		this.leftovers.clear(current,
				wanted.stream().map((disk) -> disk.disk().name()).collect(Collectors.toUnmodifiableSet()));
		wanted.forEach((disk) -> join(disk, disk.open()));
		wanted.forEach((disk) -> join(disk, disk.start(current)));
	}

	private static void join(ServedDisk disk, CompletableFuture<?> change) {
		try {
			change.join();
		}
		catch (CompletionException ex) {
			if (ex.getCause() instanceof Error error) {
				throw error;
			}
			throw (ex.getCause() instanceof RuntimeException cause) ? disk.disk().explain(cause) : ex;
		}
	}

	@Override
	public synchronized void stop() {
		this.running = false;
		stopAll(this.contextStarted ? ServedDisk::close : ServedDisk::undo);
	}

	// Not block(): a context may be closed on a thread that Reactor lets nobody block.
	private void stopAll(Function<ServedDisk, CompletableFuture<?>> how) {
		try {
			Flux.fromIterable(this.disks.close())
				.flatMapDelayError((disk) -> stop(disk, how), CONCURRENT_STOPS, 1)
				.then()
				.toFuture()
				.join();
		}
		catch (CompletionException ex) {
			if (ex.getCause() instanceof Error error) {
				throw error;
			}
			throw ex;
		}
	}

	private static Mono<Void> stop(ServedDisk disk, Function<ServedDisk, CompletableFuture<?>> how) {
		return Mono.defer(() -> Mono.fromFuture(how.apply(disk), true)).then().onErrorResume(Exception.class, (ex) -> {
			logger.error("the {} could not be stopped", disk.disk(), ex);
			return Mono.empty();
		});
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
