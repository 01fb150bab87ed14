import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../directory/lists/page-arguments.ts';
import { DEFAULT_WINDOW_HOURS, MAX_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';

/** A number that the first of these arguments gives. What is out of bounds is refused later, and priced as the bound. */
interface GivenNumber {
  arguments: readonly string[];
  /** What it is if none of them is given. */
  default: number;
  max: number;
}

/** What a field costs that has no price of its own, and how often what is asked below it counts. */
export interface Price {
  /** What the field costs by itself. If not given, it is 1, or a tenth of that if it is a value of a record that is there. */
  own?: number;
  /** What it costs instead, in a list at the root of a query, and in one that has a filter or a search. */
  ownAtRoot?: number;
  ownIfFiltered?: number;
  /** What a list costs by itself instead, where it has a filter or a search. */
  ownWithFilter?: number;
  /** Whether it is a mutation: the one kind of field that changes anything. */
  isMutation?: true;
  /** How many rows are read for it. Fields below it that are priced `PER_ROW` answer each of them. */
  rows?: number | GivenNumber;
  /** What each of these rows costs by itself, rounded up in all. */
  eachRow?: number;
  /** What each record costs that is skipped by this argument. */
  skipped?: { argument: string; each: number };
  /** What each item of this list costs, which stands in this argument, or in each of the objects that it is a list of. */
  items?: { argument: string; list: string; each: number };
  /** How often what is asked below it counts; once if not given. `ROWS`: for each row of the field above. */
  times?: number | 'ROWS' | { lengthOf: string };
  /** What each record costs that is counted so, beside what is asked of it; 1 if not given. */
  each?: number;
}

/** The options of a field, or of a type, that has this price. A type's price is that of every field that answers it. */
export const price = (of: Price) => ({ extensions: { price: of } });

/** Returns options of a field with the extensions of others added, which would replace each other otherwise. */
export const extended = <Options extends { extensions: object }>(
  options: Options,
  ...others: readonly { extensions: object }[]
): Options => ({
  ...options,
  extensions: Object.assign({}, options.extensions, ...others.map(({ extensions }) => extensions)),
});

/** What a mutation costs. */
export const MUTATION_COST = 100;

/** What a page of a list costs, beside the fields of its records. */
export const PAGE_COST = 10;

/** What a page of a list costs that has a filter or a search: it may read all that satisfies one of the conditions. */
export const FILTERED_PAGE_COST = 200;

/** What a total costs below a record: it reads every row that it counts. */
export const TOTAL_COST = 200;
/** What a total costs at the root of a query, where it counts the records of all. */
export const ROOT_TOTAL_COST = 1000;
/** What a total costs in a list that has a filter or a search: it reads the record of every row, too. */
export const FILTERED_TOTAL_COST = 2000;

/** A mutation, which changes the directory once. */
export const MUTATION: Price = { own: MUTATION_COST, isMutation: true };

/** A mutation that takes many rows in the list of this name of its input, each of which costs so much, answer included. */
export const mutationOf = (list: string, each: number): Price => ({
  ...MUTATION,
  items: { argument: 'input', list, each },
});

/** A page of a list, of which an `offset` skips some: they are read all the same, and of each tenant in reach. */
export const pageOf = (defaultSize: number): Price => ({
  own: PAGE_COST,
  ownWithFilter: FILTERED_PAGE_COST,
  rows: { arguments: ['first', 'last'], default: defaultSize, max: MAX_PAGE_SIZE },
  skipped: { argument: 'offset', each: 10 },
});

/** A page that has as many records as the directory answers if nobody says how many. */
export const PAGE = pageOf(DEFAULT_PAGE_SIZE);

/** A page of small values that are the same in every answer: whatever is asked of it costs a tenth of that of records. */
export const PAGE_OF_VALUES: Price = { ...PAGE, times: 0.1, each: 0 };

/** A list below a page, or a window of hours, that has as many items as its rows. */
export const PER_ROW: Price = { times: 'ROWS' };

/** The edges of a page: their records are counted where they hang. */
export const EDGES: Price = { ...PER_ROW, each: 0 };

/** The total of a list, in an API where an operation may cost so many times what it may here. */
export const totalOf = (times: number): Price => ({
  own: TOTAL_COST * times,
  ownAtRoot: ROOT_TOTAL_COST * times,
  ownIfFiltered: FILTERED_TOTAL_COST * times,
});

/** The total of a list. */
export const TOTAL = totalOf(1);

/** A whole list of records that has no pages: priced as a page of the usual size. */
export const WHOLE_LIST: Price = { times: DEFAULT_PAGE_SIZE };

/** A value that is read for each record, and does not come with it. */
export const READ_VALUE: Price = { own: 1 };

/** The one record that another leads to: records that are the same are read once for a whole list. */
export const REFERENCE: Price = { own: 0.5 };

/** A list that has a record for each of the ids in this argument. */
export const listOf = (argument: string): Price => ({ times: { lengthOf: argument } });

/** Checks of credentials: for each of them a signature may have to be verified, and each permission may name a place. */
export const CHECKS: Price = {
  times: { lengthOf: 'checks' },
  each: 50,
  items: { argument: 'checks', list: 'permissions', each: 5 },
};

/** A short list that the price of what it belongs to covers, such as the reasons of an error. */
export const COVERED: Price = { times: 1, each: 0 };

/** Usage reads a row for each hour of its window, and 24 of them cost as much as a field. */
export const USAGE: Price = {
  own: PAGE_COST,
  rows: { arguments: ['durationInHours'], default: DEFAULT_WINDOW_HOURS, max: MAX_WINDOW_HOURS },
  eachRow: 1 / 24,
};
