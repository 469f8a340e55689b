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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;

/**
 * The kinds of store that {@code ublk.devices.<name>.store} can ask for: those of beans,
 * which go first, and those that need none.
 */
final class BlockStoreFactories {

	private static final List<ConfiguredStoreFactory> OWN = List.of(new MemoryBlockStoreFactory(),
			new FileBlockStoreFactory(), new DirectoryBlockStoreFactory(), new NullBlockStoreFactory(),
			new PatternBlockStoreFactory());

	private static final String NO_WEB_CLIENT = "Add the dependency spring-boot-starter-webclient.";

	/** What to add for kinds of the starter that are beans. */
	private static final Map<String, String> MISSING = Map.of("redis:",
			"Add the dependency spring-boot-starter-data-redis, and set spring.data.redis.*; "
					+ "it needs a ReactiveRedisConnectionFactory, which Lettuce brings.",
			"s3:",
			"Add the dependency software.amazon.awssdk:s3, and exactly one bean of the type S3AsyncClient, or one that is @Primary.",
			"http://", NO_WEB_CLIENT, "https://", NO_WEB_CLIENT, "r2dbc:",
			"Add the dependencies spring-boot-starter-r2dbc and r2dbc-postgresql, and set spring.r2dbc.*; "
					+ "it needs a ConnectionFactory.");

	/** Those of kinds that may not be there, or that are made of others, too. */
	private static final List<OwnProperty> OWN_PROPERTIES = Stream
		.concat(OWN.stream().map((kind) -> new OwnProperty(kind.syntax(), kind::ownProperty)),
				Stream.of(new OwnProperty(HttpBlockStoreFactory.SYNTAX, (device) -> device.http().ownProperty()),
						new OwnProperty("stripe", (device) -> device.stripe().ownProperty()),
						new OwnProperty("mirror", (device) -> device.mirror().ownProperty())))
		.toList();

	private final ObjectProvider<BlockStoreFactory> beans;

	private final List<ConfiguredStoreFactory> composed = List.of(new StripeBlockStoreFactory(this),
			new MirrorBlockStoreFactory(this));

	BlockStoreFactories(ObjectProvider<BlockStoreFactory> beans) {
		this.beans = beans;
	}

	private Stream<ConfiguredStoreFactory> all() {
		return Stream
			.of(this.beans.orderedStream().map(ConfiguredStoreFactory::of), OWN.stream(), this.composed.stream())
			.flatMap(Function.identity());
	}

	ConfiguredStoreFactory find(String disk, String store) {
		return find(store)
			.orElseThrow(() -> new DiskStartupException(
					"There is no store '" + StoreText.shown(store) + "': " + PropertyNames.of(disk, "store") + "="
							+ StoreText.shown(store) + ".",
					remedy(PropertyNames.of(disk, "store"), store, (any) -> true)));
	}

	Optional<ConfiguredStoreFactory> find(String store) {
		return all().filter((factory) -> factory.supports(store)).findFirst();
	}

	/**
	 * Returns what to do about a kind of store that is not there.
	 * @param property what asks for it
	 * @param store what it asks for
	 * @param usable which kinds can be there
	 */
	String remedy(String property, String store, Predicate<ConfiguredStoreFactory> usable) {
		return MISSING.entrySet()
			.stream()
			.filter((missing) -> store.startsWith(missing.getKey()) && find(store).isEmpty())
			.findFirst()
			.map(Map.Entry::getValue)
			.orElseGet(() -> "Set " + property + " to " + syntax(usable) + ".");
	}

	/**
	 * Refuses properties of another kind of store than the disk has, which would be
	 * ignored.
	 * @param disk the name of the disk
	 * @param properties those of the disk
	 * @param used the kind of its store, {@code null} for a bean
	 * @param source what serves the disk
	 */
	void requireOwnProperties(String disk, Device properties, @Nullable ConfiguredStoreFactory used,
			DiskSource source) {
		Set<String> kept = (used != null) ? used.usedProperties(properties) : Set.of();
		for (OwnProperty other : OWN_PROPERTIES) {
			String property = other.property().apply(properties);
			if (property != null && !kept.contains(property)) {
				throw new DiskStartupException(
						PropertyNames.of(disk, property) + " is for a disk with " + PropertyNames.of(disk, "store")
								+ "=" + other.syntax() + "; the disk '" + disk + "' is served by the " + source + ".",
						"Remove the property" + ((used != null) ? ", or change the store."
								: "; what a bean stores its data in is up to its code."));
			}
		}
	}

	/**
	 * Returns what can be written, for people.
	 */
	String syntax() {
		return syntax((any) -> true);
	}

	private String syntax(Predicate<ConfiguredStoreFactory> usable) {
		return all().filter(usable).map(ConfiguredStoreFactory::syntax).collect(Collectors.joining(" or "));
	}

	private record OwnProperty(String syntax, Function<Device, @Nullable String> property) {

	}

}
