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

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.util.FileSystemUtils;

import static org.awaitility.Awaitility.await;

/**
 * A real server of the machine, started on a free port for the tests of this JVM. Where
 * it is not installed, the tests are skipped and say so; in CI they fail.
 */
public final class LocalServer {

	private static final Logger logger = LoggerFactory.getLogger(LocalServer.class);

	/**
	 * Moto looks at the condition of a write and then writes, so that two writes can find
	 * that the object has not been changed. S3 does not let them; nor does Moto when it
	 * answers one request after the other. S3 also answers errors at times, even to
	 * requests that it has done, which Moto does not.
	 */
	private static final String MOTO_LIKE_S3 = """
			import itertools
			import os
			import threading
			import werkzeug.serving

			run_simple = werkzeug.serving.run_simple
			turn = threading.Lock()
			requests = itertools.count(1)
			errors = os.path.join(os.path.dirname(__file__), "errors")

			def error(environ, application, start_response):
			    with open(errors) as file:
			        status, every = file.read().split()
			    number = next(requests)
			    if number % int(every) != 0:
			        return None
			    if number // int(every) % 2 == 0:
			        b"".join(application(environ, lambda status, headers, exc_info=None: None))
			    else:
			        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
			    code = "SlowDown" if status == "503" else "InternalError"
			    start_response(status + " " + code, [("Content-Type", "application/xml")])
			    return [f"<Error><Code>{code}</Code><Message>of the test</Message></Error>".encode()]

			def run_in_turns(host, port, application, **options):
			    def in_turn(environ, start_response):
			        with turn:
			            answer = error(environ, application, start_response) if os.path.exists(errors) else None
			            return answer or application(environ, start_response)
			    run_simple(host, port, in_turn, **options)

			werkzeug.serving.run_simple = run_in_turns
			""";

	private static final Object MOTO_LOCK = new Object();

	private static @Nullable LocalServer redis;

	private static @Nullable LocalServer postgres;

	private static @Nullable LocalServer moto;

	private final Process process;

	private final Path directory;

	private final int port;

	private LocalServer(Process process, Path directory, int port) {
		this.process = process;
		this.directory = directory;
		this.port = port;
	}

	/**
	 * Returns a Redis that keeps nothing on disk.
	 */
	public static synchronized LocalServer redis() {
		if (redis == null) {
			redis = startRedis(freePort());
		}
		return redis;
	}

	/**
	 * Returns another Redis, which is to become a node of a cluster. The test ends it.
	 * @param nodeTimeout how long a node is not heard of before it is taken to be dead
	 */
	static LocalServer redisOfACluster(Duration nodeTimeout) {
		int port = freePort();
		// where the nodes talk to each other
		while (port + 10_000 > 65_535 || answers(port + 10_000)) {
			port = freePort();
		}
		return startRedis(port, "--cluster-enabled", "yes", "--cluster-node-timeout",
				String.valueOf(nodeTimeout.toMillis()), "--repl-diskless-sync-delay", "0");
	}

	/** Of Redis or Valkey, or of the one that {@code -Dublk.test.redis} names. */
	private static LocalServer startRedis(int freePort, String... options) {
		String named = System.getProperty("ublk.test.redis");
		String program = ((named != null) ? find(named) : find("redis-server", "valkey-server"))
			.orElseGet(() -> missing((named != null) ? named : "redis-server"));
		return start("redis", freePort, (directory) -> {
		}, (directory) -> (port) -> Stream
			.concat(Stream.of(program, "--bind", "127.0.0.1", "--port", String.valueOf(port), "--save", "",
					"--appendonly", "no", "--dir", directory.toString()), Stream.of(options))
			.toList());
	}

	/**
	 * Returns a PostgreSQL whose user {@code postgres} needs no password.
	 */
	public static synchronized LocalServer postgres() {
		if (postgres == null) {
			String initdb = find("initdb").orElseGet(() -> missing("postgresql"));
			String program = find("postgres").orElseGet(() -> missing("postgresql"));
			postgres = start("postgres",
					(directory) -> run(asPostgres(initdb, "--pgdata", directory + "/data", "--auth", "trust",
							"--username", "postgres", "--no-sync", "--encoding", "UTF8")),
					(directory) -> (port) -> asPostgres(program, "-D", directory + "/data", "-h", "127.0.0.1", "-p",
							String.valueOf(port), "-k", directory.toString(), "-F"));
		}
		return postgres;
	}

	/**
	 * Returns a Moto, a test double of Amazon's services that keeps everything in memory.
	 * Not all systems have a package of it, so CI need not have it either.
	 */
	public static LocalServer moto() {
		// not the lock of the others, which need not wait for it
		synchronized (MOTO_LOCK) {
			if (moto == null) {
				moto = motoOfItsOwn();
			}
			return moto;
		}
	}

	/**
	 * Returns another Moto, which the test may suspend, and ends.
	 */
	public static LocalServer motoOfItsOwn() {
		String program = find("moto_server")
			.orElseGet(() -> skip("The tests of this class need Moto: pip install 'moto[server]'"));
		return start("moto", (directory) -> write(directory.resolve("sitecustomize.py"), MOTO_LIKE_S3),
				(directory) -> (port) -> List.of("env", "PYTHONPATH=" + directory, program, "-H", "127.0.0.1", "-p",
						String.valueOf(port)));
	}

	/** PostgreSQL refuses to run as root. */
	private static List<String> asPostgres(String... command) {
		List<String> all = new ArrayList<>();
		if (isRoot()) {
			all.addAll(List.of("runuser", "-u", "postgres", "--"));
		}
		all.addAll(List.of(command));
		return all;
	}

	private static boolean isRoot() {
		return "root".equals(System.getProperty("user.name"));
	}

	private static Optional<String> find(String... names) {
		Stream<Path> path = Stream.of(Objects.requireNonNull(System.getenv("PATH")).split(File.pathSeparator, -1))
			.map(Path::of);
		List<Path> directories = Stream.concat(path, versions(Path.of("/usr/lib/postgresql"))).toList();
		return Stream.of(names)
			.flatMap((name) -> directories.stream().map((directory) -> directory.resolve(name)))
			.filter(Files::isExecutable)
			.map(Path::toString)
			.findFirst();
	}

	private static Stream<Path> versions(Path directory) {
		File[] versions = directory.toFile().listFiles();
		return (versions != null) ? Stream.of(versions).map((version) -> version.toPath().resolve("bin"))
				: Stream.empty();
	}

	private static String missing(String debianPackage) {
		String reason = "The tests of this class need " + debianPackage + ": apt-get install " + debianPackage;
		if (System.getenv("CI") != null) {
			throw new IllegalStateException(reason);
		}
		return skip(reason);
	}

	private static String skip(String reason) {
		logger.warn("Skipped. {}", reason);
		Assumptions.abort(reason);
		throw new AssertionError(reason);
	}

	private static LocalServer start(String name, Consumer<Path> prepare,
			Function<Path, IntFunction<List<String>>> command) {
		return start(name, freePort(), prepare, command);
	}

	private static LocalServer start(String name, int port, Consumer<Path> prepare,
			Function<Path, IntFunction<List<String>>> command) {
		try {
			Path directory = Files.createTempDirectory("ublk-" + name);
			if (isRoot() && name.equals("postgres")) {
				run(List.of("chown", "postgres", directory.toString()));
			}
			prepare.accept(directory);
			Path log = directory.resolve("log.txt");
			Process process = new ProcessBuilder(command.apply(directory).apply(port)).redirectErrorStream(true)
				.redirectOutput(Redirect.to(log.toFile()))
				.start();
			Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process, directory)));
			await(name).atMost(Duration.ofSeconds(60)).until(() -> {
				if (!process.isAlive()) {
					throw new IllegalStateException(name + " did not start: " + Files.readString(log));
				}
				return answers(port);
			});
			return new LocalServer(process, directory, port);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void write(Path file, String text) {
		try {
			Files.writeString(file, text);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static int freePort() {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static boolean answers(int port) {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static void run(List<String> command) {
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(Redirect.DISCARD)
				.start();
			if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
				throw new IllegalStateException(String.format(Locale.ROOT, "%s failed", String.join(" ", command)));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static void stop(Process process, Path directory) {
		process.descendants().forEach(ProcessHandle::destroy);
		process.destroy();
		try {
			if (!process.waitFor(10, TimeUnit.SECONDS)) {
				process.destroyForcibly();
			}
			FileSystemUtils.deleteRecursively(directory);
		}
		catch (InterruptedException | IOException ex) {
			logger.warn("A server of the tests is left behind in {}", directory, ex);
		}
	}

	/**
	 * Returns where it listens, on 127.0.0.1.
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Stops its process in the middle of what it does. The kernel goes on to accept
	 * connections for it.
	 */
	public void suspend() {
		signal("STOP");
	}

	/**
	 * Lets its process go on.
	 */
	public void resume() {
		signal("CONT");
	}

	private void signal(String name) {
		run(List.of("sh", "-c", "kill -" + name + " " + this.process.pid()));
	}

	/**
	 * Lets Moto answer errors. It has done what every second of these requests asks for.
	 * @param status 500 or 503
	 * @param every 1 for errors to all requests, 3 for errors to each third one
	 */
	public void answerErrors(int status, int every) {
		write(this.directory.resolve("errors"), status + " " + every);
	}

	/**
	 * Lets Moto answer without errors again.
	 */
	public void answerWithoutErrors() {
		try {
			Files.delete(this.directory.resolve("errors"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Kills its process, which has no time for anything then.
	 */
	public void kill() {
		signal("KILL");
	}

	/**
	 * Ends it, before the JVM does.
	 */
	public void end() {
		stop(this.process, this.directory);
	}

}
