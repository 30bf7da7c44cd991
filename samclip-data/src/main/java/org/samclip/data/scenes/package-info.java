/**
 * The embedded data: composites of named sprites on varied backgrounds, with captions and exact
 * instance masks. {@link org.samclip.data.scenes.SceneGenerator} makes one scene, {@link
 * org.samclip.data.scenes.SceneWriter} writes whole sets in the formats of {@link
 * org.samclip.data.source}.
 */
package org.samclip.data.scenes;
