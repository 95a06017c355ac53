#include "CRivals.h"

#include <stdlib.h>

static void lock(atomic_flag *flag) {
  while (atomic_flag_test_and_set_explicit(flag, memory_order_acquire)) {
  }
}

static void unlock(atomic_flag *flag) { atomic_flag_clear_explicit(flag, memory_order_release); }

static void list_init(struct rival_link *head) { head->next = head->previous = head; }

static bool is_empty(const struct rival_link *head) { return head->next == head; }

static void link_between(
    struct rival_link *link, struct rival_link *previous, struct rival_link *next) {
  next->previous = link;
  link->next = next;
  link->previous = previous;
  previous->next = link;
}

static void unlink(struct rival_link *link) {
  link->next->previous = link->previous;
  link->previous->next = link->next;
}

static struct rival_page *page_of(struct rival_link *link) {
  return (struct rival_page *)((char *)link - offsetof(struct rival_page, link));
}

static void add(
    struct rival_zone *zone, struct rival_page *page, unsigned order, unsigned type, bool tail) {
  struct rival_list *list = &zone->lists[order][type];
  page->is_free = true;
  page->order = (uint8_t)order;
  if (tail)
    link_between(&page->link, list->head.previous, &list->head);
  else
    link_between(&page->link, &list->head, list->head.next);
  zone->counts[order]++;
}

static void del(struct rival_zone *zone, struct rival_page *page, unsigned order) {
  unlink(&page->link);
  page->is_free = false;
  page->order = 0;
  zone->counts[order]--;
}

static void count(struct rival_zone *zone, long change) {
  long sum = zone->difference + change;
  if (sum > zone->threshold || sum < -zone->threshold) {
    atomic_fetch_add_explicit(&zone->free, sum, memory_order_relaxed);
    sum = 0;
  }
  zone->difference = sum;
}

bool rival_zone_init(struct rival_zone *zone, uint32_t count_of_pages) {
  zone->count = count_of_pages;
  zone->threshold = 8;
  zone->pages = aligned_alloc(64, (size_t)count_of_pages * sizeof *zone->pages);
  zone->types = calloc(count_of_pages >> 9, 1);
  if (!zone->pages || !zone->types) return false;
  for (uint32_t i = 0; i < count_of_pages; i++) zone->pages[i] = (struct rival_page){0};
  for (unsigned o = 0; o < rival_orders; o++)
    for (unsigned t = 0; t < 3; t++) list_init(&zone->lists[o][t].head);
  for (unsigned t = 0; t < 3; t++) list_init(&zone->cpu.lists[t].head);
  zone->cpu.batch = 63;
  zone->cpu.high = 512;
  for (uint32_t i = 0; i + 1024 <= count_of_pages; i += 1024) {
    add(zone, &zone->pages[i], 10, 0, true);
    count(zone, 1024);
  }
  return true;
}

void rival_zone_destroy(struct rival_zone *zone) {
  free(zone->pages);
  free(zone->types);
}

static struct rival_page *take(struct rival_zone *zone, unsigned order, unsigned type) {
  for (unsigned found = order; found < rival_orders; found++) {
    struct rival_list *list = &zone->lists[found][type];
    if (is_empty(&list->head)) continue;
    struct rival_page *page = page_of(list->head.next);
    del(zone, page, found);
    for (unsigned size = found; size > order;) {
      size--;
      add(zone, page + ((size_t)1 << size), size, type, false);
    }
    count(zone, -(1L << order));
    page->order = (uint8_t)order;
    page->is_owned = true;
    return page;
  }
  return NULL;
}

static struct rival_page *buddy_of(struct rival_zone *zone, uint32_t frame, unsigned order) {
  uint32_t other = frame ^ (1u << order);
  if (other >= zone->count) return NULL;
  struct rival_page *page = &zone->pages[other];
  return page->is_free && page->order == order ? page : NULL;
}

static void give(struct rival_zone *zone, struct rival_page *page, unsigned order) {
  uint32_t frame = (uint32_t)(page - zone->pages);
  unsigned type = zone->types[frame >> 9];
  page->is_owned = false;
  count(zone, 1L << order);
  while (order < rival_orders - 1) {
    struct rival_page *buddy = buddy_of(zone, frame, order);
    if (!buddy) break;
    if (order >= 9 && zone->types[(buddy - zone->pages) >> 9] != type) break;
    del(zone, buddy, order);
    frame &= ~(1u << order);
    order++;
  }
  bool tail = order < rival_orders - 2 && buddy_of(zone, frame & ~(1u << order), order + 1) != NULL;
  add(zone, &zone->pages[frame], order, type, tail);
}

struct rival_page *rival_zone_allocate(struct rival_zone *zone, unsigned order, unsigned type) {
  if (atomic_load_explicit(&zone->free, memory_order_relaxed) <= zone->mark) return NULL;
  lock(&zone->lock);
  struct rival_page *page = take(zone, order, type);
  unlock(&zone->lock);
  if (page) page->references = 1;
  return page;
}

static void check(struct rival_page *page, unsigned order) {
  // A kernel stops here too: freed twice, or with another order than it was allocated with.
  if (!page->is_owned || page->order != order || page->map_count != 0) abort();
}

void rival_zone_free(struct rival_zone *zone, struct rival_page *page, unsigned order) {
  check(page, order);
  page->references = 0;
  page->mapping = 0;
  lock(&zone->lock);
  give(zone, page, order);
  unlock(&zone->lock);
}

struct rival_page *rival_cpu_allocate(struct rival_zone *zone, unsigned type) {
  struct rival_cpu *cpu = &zone->cpu;
  if (atomic_load_explicit(&zone->free, memory_order_relaxed) <= zone->mark) return NULL;
  lock(&cpu->lock);
  struct rival_link *head = &cpu->lists[type].head;
  if (is_empty(head)) {
    lock(&zone->lock);
    for (unsigned i = 0; i < cpu->batch; i++) {
      struct rival_page *page = take(zone, 0, type);
      if (!page) break;
      link_between(&page->link, head->previous, head);
      cpu->count++;
    }
    unlock(&zone->lock);
  }
  struct rival_page *page = NULL;
  if (!is_empty(head)) {
    page = page_of(head->next);
    unlink(&page->link);
    cpu->count--;
  }
  unlock(&cpu->lock);
  if (page) page->references = 1;
  return page;
}

void rival_cpu_free(struct rival_zone *zone, struct rival_page *page) {
  check(page, 0);
  page->references = 0;
  page->mapping = 0;
  struct rival_cpu *cpu = &zone->cpu;
  unsigned type = zone->types[(page - zone->pages) >> 9];
  lock(&cpu->lock);
  struct rival_link *head = &cpu->lists[type].head;
  link_between(&page->link, head, head->next);
  if (++cpu->count >= cpu->high) {
    lock(&zone->lock);
    for (unsigned i = 0; i < cpu->batch && !is_empty(head); i++) {
      struct rival_page *last = page_of(head->previous);
      unlink(&last->link);
      cpu->count--;
      give(zone, last, 0);
    }
    unlock(&zone->lock);
  }
  unlock(&cpu->lock);
}
