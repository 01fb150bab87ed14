/**
 * Groups nodes that lead to each other: each group is behind all that its nodes lead to, and a node in no ring is a group of
 * its own (Tarjan's strongly connected components, without recursion, because a chain may be as long as the file).
 *
 * @param edges where each node leads to, by numbers of nodes
 */
export function ringsInOrder(edges: readonly (readonly number[])[]): number[][] {
  const place = new Map<number, number>();
  const lowest: number[] = [];
  const isOpen = new Set<number>();
  const open: number[] = [];
  const rings: number[][] = [];

  const enter = (node: number) => {
    lowest[node] = place.size;
    place.set(node, place.size);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const lower = (node: number, to: number) => {
    lowest[node] = Math.min(lowest[node] ?? to, to);
  };
  const leave = (node: number) => {
    if (lowest[node] !== place.get(node)) return;
    const ring = open.splice(open.lastIndexOf(node));
    for (const member of ring) isOpen.delete(member);
    rings.push(ring);
  };

  for (const root of edges.keys()) {
    const path = place.has(root) ? [] : [enter(root)];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node } = step;
      const to = edges[node]?.[step.next];
      step.next += 1;
      if (to === undefined) {
        path.pop();
        leave(node);
        const before = path.at(-1);
        if (before) lower(before.node, lowest[node] ?? 0);
      } else if (!place.has(to)) {
        path.push(enter(to));
      } else if (isOpen.has(to)) {
        lower(node, place.get(to) ?? 0);
      }
    }
  }
  return rings;
}
